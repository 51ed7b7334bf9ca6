//! Fuzzes the parsers of fleet files and plan files. They must refuse or read any text, and what was read must
//! stay the same when it is written and read again.
//!
//! The first byte selects the format. The rest of the input is the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pegasus_dup::fleet::{Fleet, Format, Plan};

fuzz_target!(|data: &[u8]| {
    let Some((&which, bytes)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let format = match which % 4 {
        0 => Format::Toml,
        1 => Format::Yaml,
        2 => Format::Json,
        _ => {
            if let Ok(plan) = Plan::parse(text) {
                assert_eq!(
                    Plan::parse(&plan.to_text()).expect("what was written can be read"),
                    plan
                );
            }
            return;
        }
    };
    if let Ok(fleet) = Fleet::parse(text, format) {
        for (text, format) in [(fleet.to_toml(), Format::Toml), (fleet.to_json(), Format::Json)] {
            assert_eq!(Fleet::parse(&text, format).expect("what was written can be read"), fleet);
        }
    }
});
