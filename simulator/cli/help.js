export const HELP = `iothub-simulator: simulated Azure IoT Hub devices, from one to thousands.

Usage: iothub-simulator COMMAND ...

  run SCENE...       runs the fleet of a scene: a JSON file, one of thermostat, vehicles, machine
                     and trackers, or files and folders of DTDL models
  replay FILE        sends the messages of a recording or a CSV file, at their times or faster
  scene MODEL...     prints the scene of DTDL models, for editing
  clean [FILE]       deletes devices that a run has created and not deleted
  merge REPORT...    prints the reports of all shards as one; takes the limits of run
  send [BODY]        sends one message; without BODY each line of standard input
  listen             prints messages, method calls and desired properties as they arrive
  twin get           prints the twin
  twin report JSON   reports properties
  upload FILE        uploads a file

Where the devices of run and replay come from, one of:
  --local-hub        a local hub in this process; needs the package iothub-local
  --service          created at the hub of IOTHUB_SERVICE_CONNECTION_STRING, deleted at the end
  --connection-strings FILE
                     a file with a connection string in each line
  --group            registered with the provisioning service, by IOTHUB_PROVISIONING_ID_SCOPE and
                     the key of an enrollment group, IOTHUB_PROVISIONING_GROUP_KEY

Options of run:
  --columns FILE     a CSV file with a header: its columns are those of {{replay COLUMN}}
  --devices N        how many (what the scene says, or the connection strings)
  --seed N           the same seed gives the same messages (that of the scene, or 0)
  --duration TIME    how long it runs, from the first connection (until Ctrl-C)
Options of replay:
  --speed N          how many times as fast as recorded (1)
  --time-column NAME, --device-column NAME
                     of a CSV file (time, deviceId)
Options of both:
  --prefix TEXT      what the ids of created devices begin with (sim-); with replay, devices other
                     than those of the recording
  --ramp RATE        how fast devices connect (100/s)
  --threads N        how many threads share the devices (one; one for each core if more than two)
  --shards N         this process is one of N that share the fleet
  --shard-index I    which of them, from 0 (JOB_COMPLETION_INDEX)
  --endpoint URL     WebSocket URL instead of that of the hub, such as that of a local hub
  --provisioning-host HOST
                     of --group (global.azure-devices-provisioning.net)
  --yes              required for a hub that is not on this machine
  --made FILE        where the created devices are recorded (iothub-simulator-made.jsonl)
  --keep             does not delete the created devices; clean does
  --record FILE      writes each message into a file, a line of JSON each
  --report NAME      writes NAME.json and NAME.html at the end
  --json             prints lines of JSON, without a live view
  --max-lost N       exit code 3 if more messages were sent than acknowledged and N
  --max-errors N     exit code 3 if more errors happened
  --max-p95 TIME     exit code 3 if acknowledgements took longer
  --max-p99 TIME

The commands for one device take its connection string from IOTHUB_DEVICE_CONNECTION_STRING.
Options of all of them:
  --endpoint URL     WebSocket URL instead of that of the hub, such as that of a local hub
  --timeout TIME     how long to wait for the hub (30s); of listen, when to end (never)
Options of send:
  --property A=B     a property of the message, any number of times
  --content-type T   (application/json)
Options of listen:
  --count N          ends after this many events
Options of upload:
  --name NAME        what the blob is called (that of the file)

Output is a line of JSON for each event.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a limit of --max-... was exceeded.`;
