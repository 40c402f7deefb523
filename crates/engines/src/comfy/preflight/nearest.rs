/// The options most like `value`, best first: those it is the beginning of, then those few edits away or with the
/// most words in common.
pub(super) fn nearest<'a>(
    value: &str,
    options: impl IntoIterator<Item = &'a str>,
    count: usize,
) -> Vec<&'a str> {
    let value = plain(value);
    let mut ranked: Vec<(usize, usize, &str)> = options
        .into_iter()
        .filter_map(|option| {
            let name = plain(option);
            if name.starts_with(&value) {
                return Some((0, name.len(), option));
            }
            let edits = distance(&value, &name);
            let common = words(&value).filter(|word| words(&name).any(|other| other == *word)).count();
            let close = edits <= (value.len() / 3).max(2);
            (close || common > 0).then_some((1 + edits.saturating_sub(4 * common), name.len(), option))
        })
        .collect();
    ranked.sort();
    ranked.into_iter().take(count).map(|(_, _, option)| option).collect()
}

/// Long names come from strangers; comparing them costs the product of their lengths.
fn plain(name: &str) -> String {
    name.chars().take(120).flat_map(char::to_lowercase).collect()
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    let endings = ["safetensors", "ckpt", "fp16", "v1", "v2"];
    name.split(|character: char| !character.is_alphanumeric())
        .filter(move |word| word.len() > 2 && !endings.contains(word))
}

/// Levenshtein.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let samplers = ["euler", "euler_ancestral_cfg_pp", "euler_ancestral", "heun", "dpmpp_2m"];
        assert_eq!(nearest("euler_a", samplers, 1), ["euler_ancestral"]);
        assert_eq!(nearest("dpmpp2m", samplers, 1), ["dpmpp_2m"]);
        assert_eq!(nearest("uni_pc", samplers, 1), Vec::<&str>::new());
        let models = ["xl/juggernaut.safetensors", "sd15-pruned.ckpt", "zero123-xl.ckpt"];
        assert_eq!(nearest("stable_zero123.ckpt", models, 1), ["zero123-xl.ckpt"]);
        assert_eq!(nearest("zero123.ckpt", models, 1), ["zero123-xl.ckpt"]);
    }
}
