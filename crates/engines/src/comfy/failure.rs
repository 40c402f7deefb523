use serde_json::Value;

/// A node that failed while it ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeFailure {
    pub node_id: String,
    pub node_type: String,
    pub exception_type: String,
    pub message: String,
}

/// How torch and its devices say that memory ran out.
const OUT_OF_MEMORY: [&str; 5] = [
    "out of memory",
    "allocation on device",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
];

impl NodeFailure {
    /// The data of `execution_error`.
    pub(crate) fn read(data: &Value) -> Self {
        let text = |key: &str| data.get(key).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
        // Ids are texts, but a custom node may report a number.
        let node_id = match data.get("node_id") {
            Some(Value::Number(number)) => number.to_string(),
            _ => text("node_id"),
        };
        Self {
            node_id,
            node_type: text("node_type"),
            exception_type: text("exception_type"),
            message: text("exception_message"),
        }
    }

    pub fn out_of_memory(&self) -> bool {
        let message = self.message.to_lowercase();
        self.exception_type.ends_with("OutOfMemoryError")
            || self.exception_type.ends_with("MemoryError")
            || OUT_OF_MEMORY.iter().any(|words| message.contains(words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_when_memory_ran_out() {
        for (exception_type, message, out) in [
            ("torch.OutOfMemoryError", "Allocation on device \n", true),
            ("torch.cuda.OutOfMemoryError", "", true),
            ("RuntimeError", "MPS backend out of memory (MPS allocated: 9 GB)", true),
            ("RuntimeError", "[enforce fail] DefaultCPUAllocator: can't allocate memory", true),
            ("MemoryError", "", true),
            ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied", false),
            ("OSError", "Truncated File Read\n", false),
        ] {
            let failure = NodeFailure {
                exception_type: exception_type.to_owned(),
                message: message.to_owned(),
                ..NodeFailure::default()
            };
            assert_eq!(failure.out_of_memory(), out, "{exception_type}: {message}");
        }
    }
}
