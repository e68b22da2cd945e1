using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker", esModule = embed "dist/workerd.js"),
        (name = "./iothub_device_client_bg.wasm", wasm = embed "dist/iothub_device_client_bg.wasm"),
      ],
      compatibilityDate = "2026-10-01",
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
);
