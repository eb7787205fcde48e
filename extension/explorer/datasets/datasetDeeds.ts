// What the commands of the Datasets view do that is more than a change of rows, in one place to be loaded on demand.
export { lookCommand } from '../../forms/buildCommand.ts';
export { openGroupForm } from '../../forms/groupForm.ts';
export { openLookForm, show } from '../../forms/lookForm.ts';
export { openRunForm } from '../../forms/participantForm.ts';
export { pickDataset, tell } from '../../forms/steps.ts';
export { insertCommandCell } from '../../notebook/insertCell.ts';
export { addDataset } from './addDataset.ts';
export { checkCredentials, chooseAndCheck } from './checkCredentials.ts';
export { findParticipant } from './findParticipant.ts';
