//! Names of attributes as Python strings, each made only once.

/// Returns a name as a Python `str`.
///
/// The macro `intern!` of pyo3 is not used, because it releases the GIL while its cell is half
/// initialised. If another thread forks at this moment, the cell stays half initialised in the child, and
/// everything that needs the name waits forever. This macro keeps the GIL, and Python forks with the GIL
/// held.
macro_rules! interned {
    ($py:expr, $text:expr) => {{
        static NAME: ::std::sync::OnceLock<::pyo3::Py<::pyo3::types::PyString>> =
            ::std::sync::OnceLock::new();
        NAME.get_or_init(|| ::pyo3::types::PyString::intern($py, $text).unbind()).bind($py)
    }};
}

pub(super) use interned;
