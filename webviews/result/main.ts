import css from '../kit/blocks.css';
import { useStyles } from '../kit/dom.ts';

useStyles(css);
