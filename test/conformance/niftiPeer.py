"""Prints, as JSON, what nibabel reads from the NIfTI files given."""
import json
import sys

import nibabel as nib
import numpy as np

found = []
for path in sys.argv[1:]:
    image = nib.load(path)
    data = np.asanyarray(image.dataobj)
    header = image.header
    qform, qcode = header.get_qform(coded=True)
    found.append({
        "kind": type(image).__name__,
        "shape": list(image.shape),
        "dtype": data.dtype.newbyteorder("=").name,
        "values": [float(v) for v in data.ravel(order="F")[:2000]],
        "affine": [float(v) for v in image.affine.ravel()],
        "qform": None if not qcode else [float(v) for v in qform.ravel()],
        "units": list(header.get_xyzt_units()),
        "intent": int(header["intent_code"]),
    })
json.dump(found, sys.stdout)
