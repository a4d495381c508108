/// How much one render may use before it is stopped with [`ErrorKind::Limit`](crate::ErrorKind::Limit).
///
/// Templates are other people's programs: without a bound `{% for i in range(10 ** 9) %}` holds a runner for hours.
/// The defaults are this project's own choice; they are some hundred times what a large plugin uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Work units that one template may use. One unit is about one step of the template's program, or 64 bytes produced.
    pub work_per_template: u64,
    /// Work units of all templates of one render together.
    pub work_total: u64,
    /// Bytes that one template may render to.
    pub bytes_per_file: usize,
    /// Bytes of the whole tree, binary files included.
    pub bytes_total: usize,
    /// Files of one render.
    pub files: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            work_per_template: 1_000_000,
            work_total: 50_000_000,
            bytes_per_file: 16 * 1024 * 1024,
            bytes_total: 128 * 1024 * 1024,
            files: 20_000,
        }
    }
}
