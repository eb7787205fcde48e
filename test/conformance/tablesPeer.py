"""Prints, as JSON, what pandas reads from a parquet or TSV file: column types and values."""
import json
import sys

import pandas as pd

path = sys.argv[1]
frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path, sep="\t")
json.dump({
    "rows": len(frame),
    "columns": [
        {
            "name": name,
            "numeric": bool(pd.api.types.is_numeric_dtype(frame[name])),
            "dtype": str(frame[name].dtype),
            "values": [None if pd.isna(v) else (v.item() if hasattr(v, "item") else v) for v in frame[name].head(1000)],
            "missing": int(frame[name].isna().sum()),
            "sum": float(frame[name].sum()) if pd.api.types.is_numeric_dtype(frame[name]) else None,
        }
        for name in frame.columns
    ],
}, sys.stdout)
