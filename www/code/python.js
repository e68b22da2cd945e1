/** What a device does, with Microsoft's client for Python. */
import { asJson } from './body.js';
import { pyLiteral, pyString } from './literals.js';

/** @param {import('./programs.js').Sent} sent */
function send({ text, properties, systemProperties }) {
  const json = asJson(text);
  const body = json ? `json.dumps(${pyLiteral(json.value)})` : pyString(text);
  const { contentType, contentEncoding } = systemProperties;
  return {
    imports: json ? ['asyncio', 'json', 'os'] : ['asyncio', 'os'],
    names: ['Message'],
    work: `message = Message(${body})
message.content_type = ${pyString(contentType)}
message.content_encoding = ${pyString(contentEncoding)}
message.custom_properties = ${pyLiteral(properties)}
await client.send_message(message)
await client.shutdown()`,
  };
}

const report = ({ patch }) => ({
  work: `await client.patch_twin_reported_properties(${pyLiteral(patch)})
await client.shutdown()`,
});

function answer({ methods }) {
  const responses = Object.fromEntries(methods.map(({ name, ...response }) => [name, response]));
  return {
    names: ['MethodResponse'],
    work: `responses = ${pyLiteral(responses)}

async def answer(request):
    print("called:", request.name, request.payload, flush=True)
    response = responses.get(request.name, {"delayMs": 0, "status": 404, "payload": None})
    await asyncio.sleep(response["delayMs"] / 1000)
    await client.send_method_response(
        MethodResponse.create_from_method_request(
            request, response["status"], response["payload"]
        )
    )

client.on_method_request_received = answer
await client.connect()
await asyncio.Event().wait()`,
  };
}

function upload({ name }) {
  return {
    imports: ['asyncio', 'os', 'sys', 'urllib.parse', 'urllib.request'],
    work: `file = sys.argv[1] if len(sys.argv) > 1 else ${pyString(name)}
storage = await client.get_storage_info_for_blob(${pyString(name)})
url = "https://{hostName}/{containerName}/{blobName}{sasToken}".format(
    **{**storage, "blobName": urllib.parse.quote(storage["blobName"])}
)
with open(file, "rb") as content:
    request = urllib.request.Request(
        url, content.read(), {"x-ms-blob-type": "BlockBlob"}, method="PUT"
    )
urllib.request.urlopen(request).close()
await client.notify_blob_upload_status(storage["correlationId"], True, 200, "uploaded")
await client.shutdown()`,
  };
}

const ACTIONS = { send, report, answer, upload };

/** @param {import('./programs.js').Action} action */
export function pythonProgram(action, { id }) {
  const { imports = ['asyncio', 'os'], names = [], work } = ACTIONS[action.kind](action);
  const client = id.includes('/') ? 'IoTHubModuleClient' : 'IoTHubDeviceClient';
  const others = names.map((name) => `from azure.iot.device import ${name}\n`).join('');
  return `${imports.map((name) => `import ${name}\n`).join('')}
${others}from azure.iot.device.aio import ${client}


async def main():
    client = ${client}.create_from_connection_string(
        os.environ["IOTHUB_DEVICE_CONNECTION_STRING"],
        websockets=True,
        server_verification_cert=os.environ.get("IOTHUB_CA"),  # only of a local hub, in PEM
    )
${indented(work)}

asyncio.run(main())
`;
}

/** Indents code for a function. Strings are escaped, so each line is a line of the program. */
const indented = (work) =>
  work
    .split('\n')
    .map((line) => `${line && '    '}${line}\n`)
    .join('');
