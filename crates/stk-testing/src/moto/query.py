"""Calls one AWS operation: query.py SERVICE OPERATION PARAMETERS-AS-JSON.

The operation is boto3's name (`list_queues`). All pages of the answer are put together.
Endpoint, region and keys come from the environment.
"""

import json
import sys

import boto3

service, operation, parameters = sys.argv[1:]
client = boto3.client(service)
arguments = json.loads(parameters)
if client.can_paginate(operation):
    answer = client.get_paginator(operation).paginate(**arguments).build_full_result()
else:
    answer = getattr(client, operation)(**arguments)
answer.pop("ResponseMetadata", None)
json.dump(answer, sys.stdout, default=str)
