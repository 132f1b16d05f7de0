#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| dbtool_fuzz::split::law(text));
