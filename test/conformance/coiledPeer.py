"""Carries out one batch submission with Coiled's own client: options of coiled.batch.run as JSON on standard input."""
import json
import sys

import coiled

options = json.load(sys.stdin)
command = options.pop("command")
try:
    result = coiled.batch.run(command, **options)
finally:
    sys.stdout.flush()
print("@@" + json.dumps(result))
