//! Names that Python code looks things up by, made once.

/// The name of that text, as a `str` of Python's.
///
/// Not pyo3's `intern!`, which lets go of the GIL while its cell is half made: in a child that another
/// thread forks in that moment the cell stays so, and whoever asks for the name waits for ever. Here
/// the GIL is kept, and Python forks with the GIL.
macro_rules! interned {
    ($py:expr, $text:expr) => {{
        static NAME: ::std::sync::OnceLock<::pyo3::Py<::pyo3::types::PyString>> =
            ::std::sync::OnceLock::new();
        NAME.get_or_init(|| ::pyo3::types::PyString::intern($py, $text).unbind()).bind($py)
    }};
}

pub(super) use interned;
