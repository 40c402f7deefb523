use serde::de::DeserializeOwned;

/// Reads JSON as Python writes it: with `NaN` and `Infinity`, which JSON does not have. They come in through
/// the graphs of others, and stand in the one queue of all.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(text).or_else(|error| match without_odd_numbers(text) {
        Some(plain) => serde_json::from_slice(&plain),
        None => Err(error),
    })
}

/// `null` in their place; `None` where there is none of them.
fn without_odd_numbers(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let (mut in_string, mut escaped, mut found) = (false, false, false);
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let odd = [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter().find(|odd| rest.starts_with(odd));
        if let (false, Some(odd)) = (in_string, odd) {
            plain.extend_from_slice(b"null");
            rest = &rest[odd.len()..];
            found = true;
            continue;
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            _ => {}
        }
        plain.push(byte);
        rest = after;
    }
    found.then_some(plain)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn reads_what_python_writes() {
        let text = br#"{"a": NaN, "b": [-Infinity, Infinity, 1], "c": "NaN \" Infinity \\", "NaN": -1}"#;
        let read: Value = parse(text).unwrap();
        assert_eq!(read, json!({"a": null, "b": [null, null, 1], "c": "NaN \" Infinity \\", "NaN": -1}));
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in ["", "{", "nan", "<html>NaN</html>", "{\"a\": NaNny}"] {
            assert!(parse::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
