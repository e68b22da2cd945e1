#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| iothub_device_client_fuzz::sas_token(data));
