"""Microsoft's Python client, driven by commands.

One JSON object a line: in comes a command, `{id, client, call, arguments}`; out goes its outcome,
`{id, result}` or `{id, error}`, and what reaches the application, `{client, event, value}`.
"""

import asyncio
import base64
import json
import os
import sys
import threading

import requests
from azure.iot.device import X509, Message, MethodResponse
from azure.iot.device.aio import IoTHubDeviceClient, IoTHubModuleClient

AUTHORITY = os.environ["CA_FILE"]
# How many seconds before its expiry the client renews a token.
RENEWAL_MARGIN = 120
PROPERTIES = [
    "message_id",
    "correlation_id",
    "user_id",
    "content_type",
    "content_encoding",
    "expiry_time_utc",
]


# The client calls its handlers in its own threads.
stdout_lock = threading.Lock()


def tell(**line):
    with stdout_lock:
        print(json.dumps(line), flush=True)


class Device:
    """One client, and the calls that a command can name."""

    def __init__(self, name):
        self.name = name

    def event(self, event, value):
        tell(client=self.name, event=event, value=value)

    async def open(
        self, connectionString, deviceId, moduleId=None, certificate=None, renewAfter=None
    ):
        with open(AUTHORITY) as file:
            options = {"websockets": True, "server_verification_cert": file.read()}
        kind = IoTHubModuleClient if moduleId else IoTHubDeviceClient
        if certificate:
            x509 = X509(self.write(certificate, "cert"), self.write(certificate, "key"))
            self.client = kind.create_from_x509_certificate(x509, "localhost", deviceId, **options)
        else:
            if renewAfter:
                options["sastoken_ttl"] = renewAfter + RENEWAL_MARGIN
            self.client = kind.create_from_connection_string(connectionString, **options)
        await self.client.connect()

    def write(self, certificate, name):
        path = os.path.join(os.path.dirname(AUTHORITY), f"{self.name}-{name}.pem")
        with open(path, "w") as file:
            file.write(certificate[name])
        return path

    async def disconnect(self):
        await self.client.disconnect()

    async def reconnect(self):
        await self.client.connect()

    async def close(self):
        await self.client.shutdown()

    async def send(self, body, properties=None, output=None, **system):
        message = Message(base64.b64decode(body))
        for name in PROPERTIES:
            setattr(message, name, system.get(camel_case(name)))
        if "interfaceId" in system:
            message.set_as_security_message()
        message.custom_properties = properties or {}
        if output:
            await self.client.send_message_to_output(message, output)
        else:
            await self.client.send_message(message)

    async def twin(self):
        return await self.client.get_twin()

    async def report(self, patch):
        await self.client.patch_twin_reported_properties(patch)

    async def listen(self):
        self.client.on_twin_desired_properties_patch_received = self.on_desired
        self.client.on_message_received = self.on_message
        self.client.on_method_request_received = self.on_method

    async def on_desired(self, patch):
        self.event("desired", patch)

    async def on_message(self, message):
        value = {
            "body": base64.b64encode(message.data).decode(),
            "properties": message.custom_properties,
        }
        for name in [*PROPERTIES, "ack", "input_name"]:
            if getattr(message, name) is not None:
                value[camel_case(name)] = getattr(message, name)
        self.event("message", value)

    async def on_method(self, request):
        self.event("method", {"name": request.name, "payload": request.payload})
        if request.name == "echo":
            response = (200, request.payload)
        elif request.name == "nothing":
            response = (204, None)
        elif request.name == "refuse":
            response = (403, {"why": "not today"})
        elif request.name == "throw":
            raise RuntimeError("what a handler throws")
        else:
            return
        answer = MethodResponse.create_from_method_request(request, *response)
        await self.client.send_method_response(answer)

    async def upload(self, blobName, body):
        place = await self.client.get_storage_info_for_blob(blobName)
        url = "https://{hostName}/{containerName}/{blobName}{sasToken}".format(**place)
        stored = requests.put(
            url,
            data=base64.b64decode(body),
            headers={"x-ms-blob-type": "BlockBlob"},
            verify=AUTHORITY,
        )
        await self.client.notify_blob_upload_status(
            place["correlationId"], stored.ok, stored.status_code, stored.reason
        )


def camel_case(name):
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


async def answer(device, id, call, arguments):
    try:
        tell(id=id, result=await getattr(device, call)(**arguments))
    except Exception as error:
        tell(id=id, error={"name": type(error).__name__, "message": str(error)})


async def main():
    devices = {}
    running = set()
    lines = asyncio.StreamReader(limit=2**24)
    protocol = asyncio.StreamReaderProtocol(lines)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    async for line in lines:
        command = json.loads(line)
        name = command.pop("client")
        device = devices.setdefault(name, Device(name))
        task = asyncio.create_task(answer(device, **command))
        running.add(task)
        task.add_done_callback(running.discard)


asyncio.run(main())
