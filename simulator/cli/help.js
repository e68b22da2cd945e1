export const HELP = `iothub-simulator: simulates Azure IoT Hub devices, from one to thousands.

Usage: iothub-simulator COMMAND ...

  run SCENE...       run the fleet of a scene: a JSON file, one of the examples thermostat,
                     vehicles, machine and trackers, or DTDL models (files or folders)
  replay FILE        send the messages of a recording or a CSV file again, at the same intervals
                     or faster
  scene SCENE...     print a scene, such as that of DTDL models, for editing
  clean [FILE]       delete devices that earlier runs created and did not delete
  merge REPORT...    combine the reports of all shards; takes the options --max-...
  send [BODY]        send one message; without BODY, each line of standard input
  listen             print messages, method calls and desired properties as they arrive
  twin get           print the twin
  twin report JSON   update the reported properties
  upload FILE        upload a file

Source of the devices of run and replay, exactly one:
  --local-hub        a local hub in this process; needs the package iothub-local
  --service          the hub of IOTHUB_SERVICE_CONNECTION_STRING: devices are created at the start
                     and deleted at the end
  --connection-strings FILE
                     existing devices: a file with one connection string per line
  --group            an enrollment group of the Device Provisioning Service: devices register with
                     IOTHUB_PROVISIONING_ID_SCOPE and IOTHUB_PROVISIONING_GROUP_KEY

Options of run:
  --columns FILE     CSV file with a header; {{replay COLUMN}} uses its columns
  --devices N        number of devices (default: that of the scene or of the connection strings)
  --seed N           the same seed sends the same messages (default: that of the scene, or 0)
  --duration TIME    length of the run, from the first connection (default: until Ctrl-C)
Options of replay:
  --speed N          10 is ten times as fast as recorded (default: 1)
  --time-column NAME, --device-column NAME
                     columns of a CSV file (default: time, deviceId)
Options of run and replay:
  --prefix TEXT      start of the device ids (default: sim-; of replay, the recorded ids)
  --ramp RATE        how fast devices connect (default: 100/s)
  --threads N        number of threads (default: one, or one per core if there are more than two)
  --shards N         number of processes that share the fleet
  --shard-index I    which of them this is, from 0 (default: JOB_COMPLETION_INDEX)
  --endpoint URL     WebSocket URL instead of the hub's own, for example of a local hub
  --provisioning-host HOST
                     host for --group (default: global.azure-devices-provisioning.net)
  --yes              required for a hub that is not on this machine
  --made FILE        file that lists the created devices (default: iothub-simulator-made.jsonl)
  --keep             keep the created devices; clean deletes them
  --record FILE      write each message to a file, as a line of JSON
  --report NAME      write NAME.json and NAME.html at the end
  --json             print lines of JSON instead of a live view
  --max-lost N       exit code 3 if more than N messages were not acknowledged
  --max-errors N     exit code 3 if there were more than N errors
  --max-p95 TIME     exit code 3 if the 95th percentile of the latency is longer
  --max-p99 TIME     exit code 3 if the 99th percentile of the latency is longer

The commands for one device read its connection string from IOTHUB_DEVICE_CONNECTION_STRING, and
print a line of JSON for each event. Options of all of them:
  --endpoint URL     WebSocket URL instead of the hub's own, for example of a local hub
  --timeout TIME     how long to wait for the hub (default: 30s); of listen, when to stop
                     (default: never)
Options of send:
  --property A=B     property of the message; may be repeated
  --content-type T   content type of the message (default: application/json)
Options of listen:
  --count N          stop after N events
Options of upload:
  --name NAME        name of the blob (default: that of the file)

TIME is a number with a unit, such as 500ms, 30s, 10m or 2h.
Exit codes: 0 success, 1 failure, 2 wrong usage, 3 a limit of --max-... was exceeded.`;
