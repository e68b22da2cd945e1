"""Microsoft's Python client for provisioning, driven by commands, as device.py is."""

import asyncio
import json
import os
import sys
import tempfile

from azure.iot.device import X509
from azure.iot.device.aio import ProvisioningDeviceClient

AUTHORITY = os.environ["CA_FILE"]


def write(text):
    with tempfile.NamedTemporaryFile("w", suffix=".pem", delete=False) as file:
        file.write(text)
    return file.name


async def register(idScope, registrationId, key=None, certificate=None, payload=None):
    with open(AUTHORITY) as file:
        options = {"websockets": True, "server_verification_cert": file.read()}
    if certificate:
        x509 = X509(write(certificate["cert"]), write(certificate["key"]))
        client = ProvisioningDeviceClient.create_from_x509_certificate(
            "localhost", registrationId, idScope, x509, **options
        )
    else:
        client = ProvisioningDeviceClient.create_from_symmetric_key(
            "localhost", registrationId, idScope, key, **options
        )
    if payload:
        client.provisioning_payload = payload
    result = await client.register()
    state = result.registration_state
    return {
        "status": result.status,
        "operationId": result.operation_id,
        "assignedHub": state.assigned_hub,
        "deviceId": state.device_id,
        "substatus": state.sub_status,
        "etag": state.etag,
        "payload": state.response_payload,
    }


async def answer(line):
    command = json.loads(line)
    try:
        result = await register(**command["arguments"][0])
        print(json.dumps({"id": command["id"], "result": result}), flush=True)
    except Exception as error:
        description = {"name": type(error).__name__, "message": str(error.__cause__ or error)}
        print(json.dumps({"id": command["id"], "error": description}), flush=True)


async def main():
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        await answer(line)


asyncio.run(main())
