//! The wizard's pages: plain HTML without a script.

use super::draft::{Draft, Faults, Field, Founding};
use std::fmt::Write;

/// What a field says about itself.
struct Words {
    label: &'static str,
    hint: &'static str,
    /// Attributes that help to type it.
    typing: &'static str,
}

const fn words(field: Field) -> Words {
    let (label, hint, typing) = match field {
        Field::Name => ("Name", "What people call it, such as Hack Space Hours.", "maxlength=\"40\" required"),
        Field::Symbol => ("Symbol", "Stands beside every amount; 1 to 8 characters.", "maxlength=\"8\" required"),
        Field::Decimals => {
            ("Decimal digits", "2 for amounts such as 12.50; 0 for whole ones only.", "inputmode=\"numeric\" required")
        }
        Field::Supply => (
            "Supply at the beginning",
            "In whole units. All of it is the system account's, from which members are credited and miners rewarded. \
             More can be issued later.",
            "inputmode=\"numeric\" required",
        ),
        Field::Interval => {
            ("Seconds between blocks", "How soon a payment is confirmed, about.", "inputmode=\"numeric\" required")
        }
        Field::Recovery => (
            "Hours before a recovery",
            "When someone has lost their key, so long the old one can still stop another from taking its place.",
            "inputmode=\"numeric\" required",
        ),
        Field::AdministratorName => ("Name", "As other members will see it.", "autocomplete=\"name\" required"),
        Field::AdministratorEmail => (
            "E-mail address",
            "To sign in with. Nothing is sent there.",
            "type=\"email\" autocomplete=\"email\" required",
        ),
        Field::Backup => (
            "Folder for backups",
            "On the leader's host, best on another disk, such as /var/backups/qoin. It can be left empty.",
            "spellcheck=\"false\" autocapitalize=\"off\"",
        ),
    };
    Words { label, hint, typing }
}

/// The page that asks whether to begin.
pub fn welcome(token: &str) -> String {
    let content = format!(
        "<h1>Set up a currency</h1>\
         <p class=\"lead\">A few questions, then a look at what will be fixed for ever, and the currency begins.</p>\
         <p>The link that brought you here works once, in one browser. Begin in the one you will go on with.</p>\
         <form method=\"post\" action=\"/setup/begin\"><input type=\"hidden\" name=\"token\" value=\"{}\">\
         <p class=\"actions\"><button>Begin</button></p></form>",
        escaped(token)
    );
    page("Set up a currency", None, &content)
}

/// The page for whoever has no right to be here.
pub fn locked(why: &str) -> String {
    let content = format!(
        "<h1>This Qoin is being set up</h1><p class=\"lead\">{}</p>\
         <p>Only the link that <code>qoin</code> printed on its terminal opens the setup. When it was used in another \
         browser or has expired, stop <code>qoin</code> with Ctrl-C and start it again: it prints a new one. Nothing is \
         lost by that.</p>",
        escaped(why)
    );
    page("Being set up", None, &content)
}

/// The form.
pub fn form(draft: &Draft, faults: &Faults) -> String {
    let mut content = String::from(
        "<h1>Set up a currency</h1>\
         <p class=\"lead\">What you choose here for the currency can never be changed.</p>",
    );
    if !faults.is_empty() {
        let one = faults.len() == 1;
        let _ = write!(
            content,
            "<div class=\"faults\" role=\"alert\" tabindex=\"-1\" autofocus><h2>{}</h2><ul>",
            if one {
                "One field needs another look".to_owned()
            } else {
                format!("{} fields need another look", faults.len())
            }
        );
        for (field, _) in faults {
            let label = words(*field).label;
            let _ = write!(content, "<li><a href=\"#{}\">{label}</a></li>", field.name());
        }
        content.push_str("</ul></div>");
    }
    content.push_str("<form method=\"post\" action=\"/setup\" novalidate>");
    let groups: [(&str, &str, &[Field]); 3] = [
        ("The currency", "Fixed for ever once it begins.", &Field::ALL[..6]),
        (
            "The first administrator",
            "You choose the password afterwards, in this browser: it never leaves it.",
            &Field::ALL[6..8],
        ),
        ("Backups", "Where the administrator's “Back up now” puts them. It can be changed later.", &Field::ALL[8..]),
    ];
    for (legend, hint, fields) in groups {
        let _ =
            write!(content, "<fieldset><legend>{legend}</legend><p class=\"hint\">{hint}</p><div class=\"fields\">");
        for field in fields {
            content.push_str(&input(*field, draft, faults));
        }
        content.push_str("</div></fieldset>");
    }
    content.push_str("<p class=\"actions\"><button>Look it over</button></p></form>");
    page("Set up a currency", Some(1), &content)
}

fn input(field: Field, draft: &Draft, faults: &Faults) -> String {
    let Words { label, hint, typing } = words(field);
    let (name, value) = (field.name(), escaped(draft.get(field)));
    let fault = faults.iter().find(|(faulty, _)| *faulty == field).map(|(_, fault)| escaped(fault));
    let mut html = format!("<div class=\"field\"><label for=\"{name}\">{label}</label>");
    let described = if fault.is_some() { format!("{name}-fault {name}-hint") } else { format!("{name}-hint") };
    let invalid = if fault.is_some() { " aria-invalid=\"true\"" } else { "" };
    let _ = write!(
        html,
        "<input id=\"{name}\" name=\"{name}\" value=\"{value}\" {typing} aria-describedby=\"{described}\"{invalid}>"
    );
    if let Some(fault) = fault {
        let _ = write!(html, "<p class=\"fault\" id=\"{name}-fault\">{fault}</p>");
    }
    let _ = write!(html, "<p class=\"hint\" id=\"{name}-hint\">{hint}</p></div>");
    html
}

/// The last look before the currency begins.
pub fn summary(founding: &Founding, digest: &str, note: Option<&str>) -> String {
    let Founding { currency_name, currency_symbol, .. } = founding;
    let example = example(founding);
    let mut content = String::from("<h1>What will be fixed for ever</h1>");
    if let Some(note) = note {
        let _ = write!(
            content,
            "<div class=\"faults\" role=\"alert\" tabindex=\"-1\" autofocus><p>{}</p></div>",
            escaped(note)
        );
    }
    content.push_str(
        "<p class=\"lead\">These are written into the first line of the books. Nobody can change them afterwards, \
         you neither.</p><dl class=\"fixed\">",
    );
    let mut row = |term: &str, value: &str| {
        let _ = write!(content, "<div><dt>{term}</dt><dd>{}</dd></div>", escaped(value));
    };
    row("Name", currency_name);
    row("Symbol", currency_symbol);
    row("Decimal digits", &format!("{} (an amount looks like {example})", founding.currency_decimals));
    row("Supply at the beginning", &format!("{} {currency_symbol}", grouped(founding.genesis_amount)));
    row("Time between blocks", &format!("about {} s", founding.block_interval_s));
    row("Delay of a recovery", &format!("{} h", founding.recovery_delay_h));
    content.push_str("</dl><h2>What can be changed later</h2><dl class=\"fixed\">");
    let mut row = |term: &str, value: &str| {
        let _ = write!(content, "<div><dt>{term}</dt><dd>{}</dd></div>", escaped(value));
    };
    row("First administrator", &format!("{} ({})", founding.administrator_name, founding.administrator_email));
    let folder = founding.backup_folder.as_ref().map(|folder| folder.display().to_string());
    row("Folder for backups", folder.as_deref().unwrap_or("none yet"));
    let _ = write!(
        content,
        "</dl><form method=\"post\" action=\"/setup/found\"><input type=\"hidden\" name=\"draft\" value=\"{digest}\">\
         <p class=\"actions\"><button>Begin the currency</button><a class=\"second\" href=\"/setup\">Change something</a>\
         </p></form>"
    );
    page("What will be fixed for ever", Some(2), &content)
}

/// The end, where the website is somewhere else.
pub fn founded(join: &str) -> String {
    let content = format!(
        "<h1>The currency has begun</h1>\
         <p class=\"lead\">What is left: choose the first administrator's password, on the website.</p>\
         <p>Start the website (<code>qoin website</code>) and open this path on it. The link works once; the leader's \
         terminal shows it, too, and a new one after a restart as long as nobody has used it.</p>\
         <p><code class=\"link\">{}</code></p>",
        escaped(join)
    );
    page("The currency has begun", Some(3), &content)
}

/// An amount as it will look.
fn example(founding: &Founding) -> String {
    let digits: String = "50000000".chars().take(founding.currency_decimals as usize).collect();
    let point = if digits.is_empty() { "" } else { "." };
    format!("12{point}{digits} {}", founding.currency_symbol)
}

/// A number with its digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

fn page(title: &str, step: Option<usize>, content: &str) -> String {
    let mut steps = String::new();
    if let Some(current) = step {
        steps.push_str("<nav aria-label=\"Steps\"><ol class=\"steps\">");
        for (number, name) in (1..).zip(["Choose", "Look over", "Join"]) {
            let mark = if number == current { " aria-current=\"step\"" } else { "" };
            let _ = write!(steps, "<li{mark}>{name}</li>");
        }
        steps.push_str("</ol></nav>");
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title} · Qoin</title><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"/setup/style.css\"></head><body>\
         <header>{MARK}<span>Qoin</span></header>{steps}<main>{content}</main></body></html>"
    )
}

/// The mark, as in the app.
const MARK: &str = "<svg viewBox=\"0 0 32 32\" width=\"32\" height=\"32\" aria-hidden=\"true\">\
     <rect width=\"32\" height=\"32\" rx=\"8\" fill=\"#0c5c4b\"/>\
     <path fill=\"none\" stroke=\"#fff\" stroke-width=\"3.4\" stroke-linecap=\"round\" d=\"M21.6 15.2a7 7 0 1 0-6.4 6.4\"/>\
     <rect x=\"18.3\" y=\"18.3\" width=\"6.4\" height=\"6.4\" rx=\"1.6\" fill=\"#8fe0c8\"/></svg>";

/// A text as it stands in HTML, also within a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_text_and_never_markup() {
        let draft = Draft::of(["\"><script>x</script>", "&", "", "", "", "", "<b>", "'", ""]);
        let html = form(&draft, &vec![(Field::Name, "<i>".into())]);
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains("<i>"), "{html}");
        assert!(html.contains("value=\"&quot;&gt;&lt;script&gt;x&lt;/script&gt;\""));
    }

    #[test]
    fn numbers_are_grouped_and_examples_have_the_decimals() {
        assert_eq!(grouped(1_000_000), "1\u{202f}000\u{202f}000");
        assert_eq!((grouped(0), grouped(999)), ("0".into(), "999".into()));
    }
}
