//! The verbs, as one table: how each may be typed, who may use it, what it takes, and its line in the help. A word
//! means one thing only (decisions.md 16); nothing outside this table makes a line a command.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::domain::dates::Locale;
use crate::language::sentence;
use crate::proof::CommandClass;

/// What a command asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table says what each one does, in the words of the help")]
pub enum Verb {
    Help,
    Time,
    Done,
    Note,
    Message,
    Call,
    Log,
    Edit,
    Delete,
    Undo,
    Folder,
    Name,
    Version,
    Unzip,
    Keep,
    Get,
    Preview,
    Show,
    Print,
    Matters,
    Tasks,
    Calendar,
    Documents,
    Bills,
    Messages,
    Notes,
    Contacts,
    Client,
    Entries,
    Home,
    Yes,
    No,
    Maybe,
    Pay,
    Profile,
    Picture,
    Timezone,
    Email,
    Password,
    Confirm,
    Digest,
    Notify,
    Accounts,
    As,
    Assistant,
    Stop,
    Start,
    Status,
    DryRun,
    Lang,
    Vcard,
    Wrong,
    Receipts,
    Share,
    Unshare,
    Revoke,
    Who,
    Sent,
    Task,
    Assign,
    Event,
    Invite,
    Move,
    Bill,
    Expense,
    Rate,
    Reopen,
    TimeList,
    Hold,
    Release,
    Reject,
}

/// Who may use a verb; whether they may do it to a thing is asked of `sharing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Co-counsel and the firm's people.
    Everyone,
    /// The firm's people; co-counsel are answered with this sentence.
    Firm(&'static str),
    /// The firm's people; co-counsel are answered with this sentence, and what they want is passed on.
    FirmAsked(&'static str),
}

/// One typed form that a verb takes before its narrative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `T-12`, `M-"00012-Smith"`, `[00012-Smith]`.
    Ids,
    /// `T12` as well as `T-12`, where nothing else could be meant.
    LooseIds,
    /// `3` for `T-3`.
    TaskNumbers,
    /// `1.5h`, `90m`.
    Duration,
    /// `1:30` is a duration, and `1.5` may be hours (decisions.md 15).
    Hours,
    /// A day that is over: work that was done.
    PastDate,
    /// A day to come: things that are due.
    FutureDate,
    /// `14:00`.
    TimeOfDay,
    /// `A103`.
    Codes,
    /// `nb`, `non-billable`, `nc`, `no-charge`, `quietly`, `urgent`.
    Flags,
    /// `date:yesterday`, `@Research`; `rate:` is refused.
    Keys,
    /// `"Court, room 4"`.
    Quoted,
    /// `jane@example.com`.
    Addresses,
    /// A person named after one of these words.
    Person(&'static [&'static str]),
}

/// Where the words of a command end (decisions.md 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// At the end of the typed line.
    Line,
    /// At the end of the typed line, and of the lines below it that are indented more deeply.
    Indented,
    /// At the next command or the end of the new text; the words may not be missing.
    Block,
    /// As `Block`, and may be empty.
    OptionalBlock,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// What is asked for.
    pub verb: Verb,
    /// The canonical word, in lower case and without `#`.
    pub name: &'static str,
    /// Other words for exactly the same.
    pub synonyms: &'static [&'static str],
    /// German words for it, the first of them is the one that is shown; English is always valid (gateway.md K9).
    pub german: &'static [&'static str],
    /// French words for it.
    pub french: &'static [&'static str],
    /// Spanish words for it.
    pub spanish: &'static [&'static str],
    /// Who may use it.
    pub who: Who,
    /// The typed forms it takes, in any order.
    pub takes: &'static [Takes],
    /// Where its words end.
    pub ends: Ends,
    /// One line that works as written.
    pub example: &'static str,
    /// What it does, in one line of the help.
    pub help: &'static str,
}

impl Entry {
    /// Every word that means this verb.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let localised = Locale::FOREIGN.into_iter().flat_map(|locale| self.localised(locale)).copied();
        std::iter::once(self.name).chain(self.synonyms.iter().copied()).chain(localised)
    }

    /// The words of one language, none for English.
    pub const fn localised(&self, locale: Locale) -> &'static [&'static str] {
        match locale {
            Locale::British | Locale::American => &[],
            Locale::German => self.german,
            Locale::French => self.french,
            Locale::Spanish => self.spanish,
        }
    }

    /// The words that mean the same as the one that is shown to somebody of this language.
    pub fn others(&self, locale: Locale) -> impl Iterator<Item = &'static str> {
        let shown = self.verb.word(locale);
        let mut seen = vec![shown];
        self.words_in(locale).filter(move |word| {
            let is_new = !seen.contains(word);
            seen.push(word);
            is_new
        })
    }

    /// The words that somebody of this language knows: theirs, and the English ones.
    fn words_in(&self, locale: Locale) -> impl Iterator<Item = &'static str> {
        let english = std::iter::once(self.name).chain(self.synonyms.iter().copied());
        self.localised(locale).iter().copied().chain(english)
    }
}

impl Verb {
    /// True for what concerns the writer's own mails, profile and answers, and for messages: the firm can't switch it off.
    pub const fn is_of_ones_own(self) -> bool {
        matches!(
            self,
            Verb::Help
                | Verb::Message
                | Verb::Yes
                | Verb::No
                | Verb::Maybe
                | Verb::Profile
                | Verb::Picture
                | Verb::Timezone
                | Verb::Email
                | Verb::Password
                | Verb::Confirm
                | Verb::Digest
                | Verb::Notify
                | Verb::Accounts
                | Verb::As
                | Verb::Assistant
                | Verb::Stop
                | Verb::Start
                | Verb::Lang
                | Verb::Wrong
                | Verb::Receipts
        )
    }

    /// How sure it has to be who wrote it (decisions.md 2).
    pub const fn class(self) -> CommandClass {
        match self {
            Verb::Email | Verb::Assistant => CommandClass::Sensitive,
            Verb::Yes | Verb::No | Verb::Maybe => CommandClass::Rsvp,
            Verb::Stop => CommandClass::Stop,
            Verb::Timezone | Verb::Digest | Verb::Notify | Verb::Start | Verb::Lang | Verb::Receipts => {
                CommandClass::Preferences
            }
            Verb::Help
            | Verb::Get
            | Verb::Preview
            | Verb::Show
            | Verb::Print
            | Verb::Matters
            | Verb::Tasks
            | Verb::Calendar
            | Verb::Documents
            | Verb::Bills
            | Verb::Messages
            | Verb::Notes
            | Verb::Contacts
            | Verb::Client
            | Verb::Entries
            | Verb::Home
            | Verb::Accounts
            | Verb::Status
            | Verb::DryRun
            | Verb::Vcard
            | Verb::Who
            | Verb::Sent
            | Verb::TimeList => CommandClass::Look,
            Verb::Time
            | Verb::Done
            | Verb::Note
            | Verb::Message
            | Verb::Call
            | Verb::Log
            | Verb::Edit
            | Verb::Delete
            | Verb::Undo
            | Verb::Folder
            | Verb::Name
            | Verb::Version
            | Verb::Unzip
            | Verb::Keep
            | Verb::Pay
            | Verb::Profile
            | Verb::Picture
            | Verb::Password
            // Each question that it answers asks for its own proof besides its code.
            | Verb::Confirm
            | Verb::As
            | Verb::Wrong
            | Verb::Share
            | Verb::Unshare
            | Verb::Revoke
            | Verb::Task
            | Verb::Assign
            | Verb::Event
            | Verb::Invite
            | Verb::Move
            | Verb::Bill
            | Verb::Expense
            | Verb::Rate
            | Verb::Reopen
            | Verb::Hold
            | Verb::Release
            | Verb::Reject => CommandClass::Write,
        }
    }

    /// The row of the table.
    pub fn entry(self) -> &'static Entry {
        // A test holds that every verb has its row, so that help is never given for another.
        static HELP: Entry = row(Verb::Help, "help", &[]);
        TABLE.iter().find(|e| e.verb == self).unwrap_or(&HELP)
    }

    /// The canonical word, in lower case and without `#`.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The word that is shown to somebody of this language.
    pub fn word(self, locale: Locale) -> &'static str {
        self.entry().localised(locale).first().copied().unwrap_or(self.name())
    }

    /// The verb that a word means, in any case.
    pub fn of(word: &str) -> Option<Verb> {
        WORDS.get(word.to_lowercase().as_str()).copied()
    }
}

static WORDS: LazyLock<BTreeMap<&str, Verb>> =
    LazyLock::new(|| TABLE.iter().flat_map(|e| e.words().map(|w| (w, e.verb))).collect());

/// A word as it stands in the table, if it does.
pub fn known(word: &str) -> Option<&'static str> {
    WORDS.get_key_value(word.to_lowercase().as_str()).map(|(word, _)| *word)
}

/// Words of other languages that people write for ours: asked about, never carried out.
const FOREIGN: &[(&str, &[&str])] = &[("done", &["fatto", "fertig", "listo"]), ("time", &["tempo"])];

/// The verb that a word of another language may have been meant for.
pub fn foreign(word: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(_, words)| words.contains(&word)).map(|(verb, _)| *verb)
}

/// Words that list the time entries, and record one if a duration follows (decisions.md 16).
pub const HOURS: [&str; 4] = ["hours", "stunden", "heures", "horas"];

/// Words that lawyers write for themselves, whatever verb they are near to.
const NO_SLIP: &[&str] = &["deadline", "contract", "contracts"];

/// The English word, or the one of the writer's language, that a mistyped one is nearest to: one slip in words of four
/// and five letters, two from six, none below (decisions.md 17).
pub fn nearest(word: &str, locale: Locale) -> Option<&'static str> {
    let typed: Vec<char> = word.to_lowercase().chars().collect();
    if !(3..=24).contains(&typed.len()) || NO_SLIP.contains(&word) {
        return None;
    }
    TABLE
        .iter()
        .flat_map(|entry| entry.words_in(locale))
        .filter_map(|known| {
            let letters: Vec<char> = known.chars().collect();
            let most = match letters.len() {
                0..=3 => return None,
                4 | 5 => 1,
                _ => 2,
            };
            if letters.len().abs_diff(typed.len()) > most {
                return None;
            }
            let slips = slips(&typed, &letters);
            (1..=most).contains(&slips).then_some((slips, known))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, known)| known)
}

/// How many letters were missed, added, changed, or typed in the wrong order (optimal string alignment).
fn slips(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, y) in b.iter().enumerate() {
            let at = |r: &[usize], k: usize| r.get(k).copied().unwrap_or(usize::MAX);
            let next = j.saturating_add(1);
            let changed = at(&last, j).saturating_add(usize::from(x != y));
            let mut best = changed.min(at(&last, next).saturating_add(1)).min(at(&row, j).saturating_add(1));
            let swapped = j > 0 && previous == Some(y) && b.get(j.saturating_sub(1)) == Some(x);
            if swapped {
                best = best.min(at(&before, j.saturating_sub(1)).saturating_add(1));
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
        previous = Some(x);
    }
    last.last().copied().unwrap_or(0)
}

const ONLY_THE_FIRM: &str = sentence!("Only the firm's own people can do that.");
const ONLY_THE_FIRM_TASKS: &str = sentence!("Only the firm can set or change tasks.");
const ONLY_THE_FIRM_EVENTS: &str = sentence!(
    "Only the firm makes and changes calendar events. What you propose with it is offered to the firm as a message."
);
const ONLY_THE_FIRM_SHARES: &str = sentence!("Only the firm decides what is shared with whom.");

const IDS: &[Takes] = &[Takes::Ids, Takes::LooseIds];
const ID_OR_TITLE: &[Takes] = &[Takes::Ids, Takes::LooseIds, Takes::Quoted];
const NOTHING: &[Takes] = &[];
const TIME: &[Takes] =
    &[Takes::Ids, Takes::Duration, Takes::Hours, Takes::PastDate, Takes::Codes, Takes::Flags, Takes::Keys];

const fn row(verb: Verb, name: &'static str, synonyms: &'static [&'static str]) -> Entry {
    let (who, takes, ends) = (Who::Everyone, NOTHING, Ends::Line);
    Entry { verb, name, synonyms, german: &[], french: &[], spanish: &[], who, takes, ends, example: "", help: "" }
}

impl Entry {
    const fn takes(self, takes: &'static [Takes]) -> Entry {
        Entry { takes, ..self }
    }

    const fn ends(self, ends: Ends) -> Entry {
        Entry { ends, ..self }
    }

    const fn is(
        self,
        german: &'static [&'static str],
        french: &'static [&'static str],
        spanish: &'static [&'static str],
    ) -> Entry {
        Entry { german, french, spanish, ..self }
    }

    const fn firm(self, sentence: &'static str) -> Entry {
        Entry { who: Who::Firm(sentence), ..self }
    }

    const fn asked(self, sentence: &'static str) -> Entry {
        Entry { who: Who::FirmAsked(sentence), ..self }
    }

    const fn says(self, example: &'static str, help: &'static str) -> Entry {
        Entry { example, help, ..self }
    }
}

/// Every verb, in the order of the help.
pub const TABLE: &[Entry] = &[
    row(Verb::Help, "help", &["?", "commands", "menu"])
        .is(&["hilfe", "befehle"], &["aide", "commandes"], &["ayuda", "comandos"])
        .says(sentence!("#help time"), sentence!("What you can write here")),
    // what co-counsel write most
    row(Verb::Time, "time", &["t", "log-time", "bill-time"])
        .is(&["zeit", "zeiteintrag"], &["temps", "saisie"], &["tiempo", "registrar-tiempo"])
        .takes(TIME)
        .ends(Ends::Indented)
        .says(sentence!("#time 1.5h A103 L210 Drafted reply brief"), sentence!("Record time on this matter or item")),
    row(Verb::Done, "done", &["complete", "completed", "finish", "finished", "closed"])
        .is(
            &["erledigt", "abgeschlossen", "fertiggestellt"],
            &["fait", "terminé", "achevé"],
            &["hecho", "terminado", "completado"],
        )
        .takes(&[
            Takes::Ids,
            Takes::LooseIds,
            Takes::TaskNumbers,
            Takes::Duration,
            Takes::PastDate,
            Takes::Codes,
            Takes::Flags,
            Takes::Keys,
            Takes::Quoted,
        ])
        .says(sentence!("#done T-12"), sentence!("Complete a task; with 1.2h, record time as well")),
    row(Verb::Note, "note", &["memo"])
        .is(&["notiz", "vermerk", "aktennotiz"], &["note"], &["nota"])
        .takes(&[Takes::Ids])
        .ends(Ends::Block)
        .says(sentence!("#note Witness is available in May"), sentence!("Add your own note to the matter")),
    row(Verb::Message, "message", &["msg", "send", "tell", "reply"])
        .is(&["nachricht", "mitteilung", "senden"], &["message", "envoyer"], &["mensaje", "enviar"])
        .takes(&[Takes::Ids, Takes::Flags, Takes::Person(&["to"])])
        .ends(Ends::Block)
        .says(sentence!("#message to Smith: Can we move the call?"), sentence!("Write a secure message to the firm")),
    row(Verb::Call, "call", &["phone", "telephone"])
        .is(&["anruf", "telefonat"], &["appel", "téléphone", "telephone"], &["llamada", "teléfono", "telefono"])
        .takes(&[Takes::Ids, Takes::Duration, Takes::PastDate])
        .ends(Ends::Block)
        .says(sentence!("#call 10m with Mr Smith: agreed extension"), sentence!("Log a telephone call")),
    row(Verb::Log, "log", &["file"])
        .is(&["ablegen"], &["consigner", "journal"], &["archivar"])
        .takes(&[Takes::Ids])
        .ends(Ends::OptionalBlock)
        .says(sentence!("#log"), sentence!("Log the mail that you forward")),
    row(Verb::Edit, "edit", &["change", "correct", "fix"])
        .is(
            &["ändern", "aendern", "korrigieren", "berichtigen"],
            &["modifier", "corriger", "rectifier"],
            &["editar", "corregir", "modificar"],
        )
        .takes(TIME)
        .ends(Ends::Indented)
        .says(sentence!("#edit TE-31 1.2h"), sentence!("Change your own time entry, note or log")),
    row(Verb::Delete, "delete", &["remove", "cancel"])
        .is(
            &["löschen", "loeschen", "entfernen", "stornieren"],
            &["supprimer", "effacer"],
            &["borrar", "eliminar", "suprimir", "cancelar"],
        )
        .takes(IDS)
        .says(sentence!("#delete TE-31"), sentence!("Delete your own time entry or note")),
    row(Verb::Undo, "undo", &[])
        .is(&["rückgängig", "rueckgaengig", "zurücknehmen", "zuruecknehmen"], &["annuler"], &["deshacer"])
        .takes(IDS)
        .says(sentence!("#undo"), sentence!("Take back what a receipt reported: reply to it")),
    // with attachments
    row(Verb::Folder, "folder", &["in"])
        .is(&["ordner"], &["répertoire", "repertoire", "classeur"], &["carpeta"])
        .takes(ID_OR_TITLE)
        .says(sentence!("#folder F-3"), sentence!("File the attachments in this folder")),
    row(Verb::Name, "name", &["rename"])
        .is(&["name", "umbenennen"], &["nom", "renommer"], &["nombre", "renombrar"])
        .says(sentence!("#name 2 Exhibit B.pdf"), sentence!("Name an attachment")),
    row(Verb::Version, "version", &["update", "v"])
        .is(&["version", "fassung"], &["version"], &["versión"])
        .takes(IDS)
        .says(sentence!("#version D-4"), sentence!("File the attachment as a new version")),
    row(Verb::Unzip, "unzip", &[])
        .is(&["entpacken"], &["décompresser", "decompresser"], &["descomprimir"])
        .takes(IDS)
        .says(sentence!("#unzip Discovery"), sentence!("Unpack the attached zip into a folder")),
    row(Verb::Keep, "keep", &[])
        .is(&["behalten"], &["garder", "conserver"], &["conservar"])
        .takes(IDS)
        .says(sentence!("#keep"), sentence!("File the pictures that were taken for a signature")),
    // asking for things
    row(Verb::Get, "get", &["download", "fetch", "send-me"])
        .is(
            &["abrufen", "herunterladen", "hole", "holen"],
            &["obtenir", "recevoir", "télécharger", "telecharger"],
            &["obtener", "enviarme", "descargar"],
        )
        .takes(ID_OR_TITLE)
        .says(sentence!("#get D-4"), sentence!("Send me a document or bill")),
    row(Verb::Preview, "preview", &[])
        .is(&["vorschau"], &["aperçu", "apercu"], &["vista-previa"])
        .takes(ID_OR_TITLE)
        .says(sentence!("#preview D-4"), sentence!("Send me the first page")),
    row(Verb::Show, "show", &["view", "open"])
        .is(&["zeigen", "anzeigen"], &["afficher", "voir", "montrer"], &["ver", "mostrar"])
        .takes(ID_OR_TITLE)
        .says(sentence!("#show T-12"), sentence!("Details of anything shared with you")),
    row(Verb::Print, "print", &["transcript"])
        .is(&["drucken"], &["imprimer"], &["imprimir"])
        .takes(IDS)
        .says(sentence!("#print MSG-8"), sentence!("A transcript for printing")),
    row(Verb::Home, "home", &["overview", "list"])
        .is(&["übersicht", "uebersicht"], &["accueil"], &["inicio"])
        .says(sentence!("#home"), sentence!("Everything that waits for you")),
    row(Verb::Matters, "matters", &["cases"])
        .is(&["mandate", "akten"], &["dossiers", "affaires"], &["asuntos", "expedientes"])
        .says(sentence!("#matters"), sentence!("The matters shared with you")),
    row(Verb::Tasks, "tasks", &["todo", "todos"])
        .is(&["aufgaben"], &["tâches", "taches"], &["tareas"])
        .takes(IDS)
        .says(sentence!("#tasks overdue"), sentence!("Your tasks")),
    row(Verb::Calendar, "calendar", &["events"])
        .is(&["kalender"], &["calendrier", "agenda"], &["calendario"])
        .takes(IDS)
        .says(sentence!("#calendar"), sentence!("The events you are invited to")),
    row(Verb::Documents, "documents", &["docs", "files"])
        .is(&["dokumente", "unterlagen"], &["documents"], &["documentos"])
        .takes(IDS)
        .says(sentence!("#documents M-12"), sentence!("Documents and folders shared with you")),
    row(Verb::Bills, "bills", &["invoices"])
        .is(&["rechnungen"], &["factures"], &["facturas"])
        .takes(IDS)
        .says(sentence!("#bills"), sentence!("The bills shared with you")),
    row(Verb::Messages, "messages", &["conversations"])
        .is(&["nachrichten"], &["messages"], &["mensajes"])
        .takes(IDS)
        .says(sentence!("#messages M-12"), sentence!("Your conversations")),
    row(Verb::Notes, "notes", &[])
        .is(&["notizen", "vermerke"], &["notes"], &["notas"])
        .takes(IDS)
        .says(sentence!("#notes M-12"), sentence!("Your notes")),
    row(Verb::Contacts, "contacts", &["people"])
        .is(&["kontakte", "beteiligte"], &["contacts"], &["contactos"])
        .takes(IDS)
        .says(sentence!("#contacts M-12"), sentence!("The people of a matter")),
    row(Verb::Client, "client", &[])
        .is(&["mandant", "mandantin"], &["client", "cliente"], &["cliente"])
        .takes(IDS)
        .says(sentence!("#client M-12"), sentence!("The client of a matter")),
    row(Verb::Entries, "entries", &["hours"])
        .is(&["zeiten", "stunden", "zeiteinträge", "zeiteintraege"], &["saisies", "heures"], &["registros", "horas"])
        .takes(IDS)
        .says(sentence!("#entries"), sentence!("Your time; #hours asks for the same")),
    row(Verb::Vcard, "vcard", &["vcards"])
        .is(&["visitenkarte"], &["carte-de-visite"], &["tarjeta"])
        .takes(IDS)
        .says(sentence!("#vcard"), sentence!("With #contacts: cards for your address book")),
    // answering
    row(Verb::Yes, "yes", &["accept", "accepted"])
        .is(&["ja", "annehmen", "zusagen"], &["oui", "accepter"], &["sí", "si", "aceptar"])
        .takes(IDS)
        .says(sentence!("#yes"), sentence!("Accept an invitation")),
    row(Verb::No, "no", &["decline", "declined"])
        .is(
            &["nein", "ablehnen", "absagen"],
            &["non", "refuser", "décliner", "decliner"],
            &["no", "rechazar", "declinar"],
        )
        .takes(IDS)
        .says(sentence!("#no"), sentence!("Decline an invitation")),
    row(Verb::Maybe, "maybe", &["tentative"])
        .is(&["vielleicht"], &["peut-être", "peut-etre"], &["quizás", "quizas", "quizá", "tal-vez"])
        .takes(IDS)
        .says(sentence!("#maybe"), sentence!("Answer an event with perhaps")),
    row(Verb::Pay, "pay", &[])
        .is(&["bezahlen", "zahlen"], &["payer"], &["pagar"])
        .takes(IDS)
        .says(sentence!("#pay BILL-17"), sentence!("The link to pay a bill")),
    // oneself
    row(Verb::Profile, "profile", &[])
        .is(&["profil"], &["profil"], &["perfil"])
        .says(sentence!("#profile name Jane Q. Roe"), sentence!("Change your name; #profile alone shows what is kept")),
    row(Verb::Picture, "picture", &[])
        .is(&["bild"], &["photo"], &["foto"])
        .says(sentence!("#picture"), sentence!("Use the attached picture")),
    row(Verb::Timezone, "timezone", &["time-zone", "tz"])
        .is(&["zeitzone"], &["fuseau", "fuseau-horaire"], &["zona-horaria", "zona"])
        .says(sentence!("#timezone Europe/London"), sentence!("The zone your dates are read in")),
    row(Verb::Email, "email", &["address"])
        .is(&["e-mail", "mailadresse"], &["courriel", "adresse"], &["correo"])
        .takes(&[Takes::Addresses])
        .says(sentence!("#email jane@new.example"), sentence!("Change your address")),
    row(Verb::Password, "password", &[])
        .is(&["passwort", "kennwort"], &["mot-de-passe"], &["contraseña", "contrasena"])
        .says(sentence!("#password"), sentence!("There is none; never send one")),
    row(Verb::Confirm, "confirm", &[])
        .is(&["bestätigen", "bestaetigen"], &["confirmer"], &["confirmar"])
        .says(sentence!("#confirm 123-456"), sentence!("Answer a code that was sent to you")),
    row(Verb::Digest, "digest", &["summary"])
        .is(
            &["übersichtsmail", "uebersichtsmail", "zusammenfassung"],
            &["récapitulatif", "recapitulatif", "résumé"],
            &["resumen"],
        )
        .says(sentence!("#digest daily 07:30"), sentence!("When to be told; or weekly mon, or off")),
    row(Verb::Notify, "notify", &["notifications"])
        .is(&["benachrichtigen"], &["notifier", "avis"], &["avisos", "notificar"])
        .says(sentence!("#notify tasks off"), sentence!("What to be told")),
    row(Verb::Receipts, "receipts", &["receipt"])
        .is(&["bestätigungen", "bestaetigungen", "quittungen"], &["accusés", "accuses"], &["acuses", "recibos"])
        .says(sentence!("#receipts brief"), sentence!("For commands, files and refusals: so unless changed")),
    row(Verb::Lang, "lang", &["language"])
        .is(&["sprache"], &["langue"], &["idioma", "lengua"])
        .says(sentence!("#lang fr"), sentence!("The language of these mails")),
    row(Verb::Accounts, "accounts", &["firms"])
        .is(&["kanzleien"], &["cabinets"], &["despachos", "bufetes"])
        .says(sentence!("#accounts"), sentence!("The firms you work with")),
    row(Verb::Assistant, "assistant", &["assistants", "delegate"])
        .is(&["assistenz", "assistent"], &["assistant", "assistante"], &["asistente"])
        .says(
            sentence!("#assistant add Paula Berg paula@roe.example"),
            sentence!("Let somebody act for you; or remove, or list"),
        ),
    row(Verb::As, "as", &[])
        .is(&["als"], &["comme"], &["como"])
        .says(sentence!("#as FirmB"), sentence!("The role in which you write")),
    row(Verb::Stop, "stop", &["unsubscribe"])
        .is(&["stopp", "pause"], &["stop", "pause", "arrêter"], &["parar", "pausa"])
        .says(sentence!("#stop"), sentence!("Pause all mails but the necessary ones")),
    row(Verb::Start, "start", &["resume", "unpause"])
        .is(&["fortsetzen", "weiter"], &["reprendre", "reprise"], &["reanudar", "continuar"])
        .says(sentence!("#start"), sentence!("Lift the pause; what waited is sent")),
    row(Verb::Status, "status", &[])
        .is(&["status", "stand"], &["statut", "état"], &["estado"])
        .takes(IDS)
        .says(sentence!("#status"), sentence!("What became of your last mails")),
    row(Verb::DryRun, "dry-run", &["dryrun"])
        .is(&["probelauf", "probe"], &["essai"], &["prueba"])
        .says(sentence!("#dry-run"), sentence!("Say what this mail would do, and do nothing")),
    row(Verb::Wrong, "wrong", &[])
        .is(
            &["irrläufer", "irrlaeufer", "fehlversand"],
            &["mauvais-destinataire", "erreur"],
            &["destinatario-equivocado", "equivocado", "error"],
        )
        .takes(IDS)
        .ends(Ends::OptionalBlock)
        .says(sentence!("#wrong"), sentence!("It was not meant for you: your access to it ends at once")),
    // the firm's people
    row(Verb::Share, "share", &[])
        .is(&["freigeben", "teilen"], &["partager"], &["compartir"])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::Flags, Takes::Addresses, Takes::Person(&["with"])])
        .ends(Ends::OptionalBlock)
        .asked(ONLY_THE_FIRM_SHARES)
        .says(sentence!("#share D-4 with Jane Roe"), sentence!("Share something with co-counsel")),
    row(Verb::Unshare, "unshare", &[])
        .is(&["freigabe-beenden"], &["ne-plus-partager"], &["dejar-de-compartir"])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::Flags, Takes::Addresses, Takes::Person(&["from", "with"])])
        .asked(ONLY_THE_FIRM_SHARES)
        .says(sentence!("#unshare D-4 from Jane Roe"), sentence!("End a share at once")),
    row(Verb::Revoke, "revoke", &[])
        .is(&["entziehen", "widerrufen"], &["révoquer", "revoquer"], &["revocar"])
        .takes(&[Takes::Addresses])
        .asked(ONLY_THE_FIRM_SHARES)
        .says(sentence!("#revoke all Jane Roe"), sentence!("End all shares of a person at once")),
    row(Verb::Who, "who", &[])
        .is(&["wer"], &["qui"], &["quién", "quien"])
        .takes(IDS)
        .firm(ONLY_THE_FIRM)
        .says(sentence!("#who D-4"), sentence!("Who can see this")),
    row(Verb::Sent, "sent", &[])
        .is(&["gesendet"], &["envoyé"], &["enviado"])
        .takes(&[Takes::Addresses, Takes::PastDate])
        .firm(ONLY_THE_FIRM)
        .says(sentence!("#sent jane@example.com"), sentence!("What was disclosed to a person")),
    row(Verb::Task, "task", &[])
        .is(&["aufgabe"], &["tâche", "tache"], &["tarea"])
        .takes(&[Takes::Ids, Takes::FutureDate, Takes::Flags, Takes::Addresses, Takes::Person(&["for", "to"])])
        .ends(Ends::Indented)
        .asked(ONLY_THE_FIRM_TASKS)
        .says(sentence!("#task for Jane Roe M-12 due 3 Apr: Draft reply brief"), sentence!("Give somebody a task")),
    row(Verb::Assign, "assign", &["reassign"])
        .is(&["zuweisen"], &["attribuer", "affecter"], &["asignar"])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::FutureDate, Takes::Addresses, Takes::Person(&["to", "for"])])
        .asked(ONLY_THE_FIRM_TASKS)
        .says(sentence!("#assign T-12 to Jane Roe"), sentence!("Give a task to somebody else")),
    row(Verb::Reopen, "reopen", &[])
        .is(&["wiedereröffnen", "wiedereroeffnen"], &["rouvrir"], &["reabrir"])
        .takes(IDS)
        .asked(sentence!("Only the firm can reopen what is done or closed."))
        .says(sentence!("#reopen T-12"), sentence!("Open a completed task again")),
    row(Verb::Event, "event", &[])
        .is(&["termin"], &["événement", "evenement", "rendez-vous"], &["cita", "evento"])
        .takes(&[Takes::Ids, Takes::FutureDate, Takes::TimeOfDay, Takes::Duration, Takes::Quoted])
        .ends(Ends::Indented)
        .firm(ONLY_THE_FIRM_EVENTS)
        .says(
            sentence!("#event M-12 12 Mar 14:00 1h \"Court, room 4\": Hearing"),
            sentence!("Put an event in the calendar"),
        ),
    row(Verb::Invite, "invite", &[])
        .is(&["einladen"], &["inviter"], &["invitar"])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::Addresses, Takes::Person(&["with"])])
        .firm(ONLY_THE_FIRM_EVENTS)
        .says(sentence!("#invite EV-5 jane@example.com"), sentence!("Invite somebody to an event")),
    row(Verb::Move, "move", &[])
        .is(&["verschieben"], &["déplacer", "deplacer"], &["mover", "aplazar"])
        .takes(&[Takes::Ids, Takes::LooseIds, Takes::FutureDate, Takes::TimeOfDay, Takes::Duration, Takes::Quoted])
        .asked(sentence!("Only the firm can move things."))
        .says(sentence!("#move EV-5 12 Mar 15:00"), sentence!("Move an event")),
    row(Verb::Bill, "bill", &[])
        .is(&["rechnung"], &["facture"], &["factura"])
        .takes(&[Takes::Ids, Takes::Addresses, Takes::Person(&["with"])])
        .firm(sentence!("Bills are made by the firm. Record your time with #time."))
        .says(sentence!("#bill share BILL-17 with Jane Roe"), sentence!("Share a bill")),
    row(Verb::Expense, "expense", &["expenses"])
        .is(&["auslage", "auslagen"], &["débours", "debours", "frais"], &["gasto", "gastos"])
        .takes(&[Takes::Ids, Takes::PastDate])
        .firm(sentence!("Expenses are recorded by the firm. Attach the receipt and I will file it as a document."))
        .says(sentence!("#expense"), sentence!("Expenses are recorded in the firm's own system")),
    row(Verb::Rate, "rate", &["rates"])
        .is(&["stundensatz"], &["taux", "tarif"], &["tarifa"])
        .takes(&[Takes::Ids, Takes::Addresses])
        .firm(sentence!("Rates are set by the firm."))
        .says(sentence!("#rate jane@example.com M-12 250"), sentence!("Set the rate of co-counsel")),
    row(Verb::TimeList, "time-list", &[])
        .is(&["zeitliste"], &["liste-des-temps"], &["lista-de-tiempos"])
        .takes(&[Takes::Ids, Takes::PastDate, Takes::Addresses, Takes::Person(&["by"])])
        .firm(ONLY_THE_FIRM)
        .says(sentence!("#time-list M-12 by Jane Roe"), sentence!("Time entries of co-counsel")),
    row(Verb::Hold, "hold", &[])
        .is(&["aufbewahren"], &["conservation"], &["retención", "retencion"])
        .takes(IDS)
        .firm(ONLY_THE_FIRM)
        .says(sentence!("#hold M-12 on"), sentence!("Keep everything of a matter")),
    row(Verb::Release, "release", &[])
        .is(&["durchlassen"], &["libérer", "liberer"], &["liberar"])
        .firm(ONLY_THE_FIRM)
        .says(sentence!("#release Q-7"), sentence!("Let a held mail through")),
    row(Verb::Reject, "reject", &[])
        .is(&["verwerfen"], &["rejeter"], &["descartar"])
        .firm(ONLY_THE_FIRM)
        .says(sentence!("#reject Q-7"), sentence!("Dismiss a held mail")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_has_two_meanings() {
        let mut seen = BTreeMap::new();
        for entry in TABLE {
            for word in entry.words() {
                let before = seen.insert(word, entry.name);
                assert!(before.is_none_or(|name| name == entry.name), "#{word} means #{before:?} and #{}", entry.name);
            }
        }
    }

    #[test]
    fn every_verb_has_its_row_with_an_example_that_begins_with_it_and_a_help_line() {
        for entry in TABLE {
            assert_eq!(entry.verb.entry().name, entry.name);
            assert!(entry.example.starts_with(&format!("#{}", entry.name)), "{}", entry.name);
            assert!((5..=60).contains(&entry.help.len()), "{}", entry.name);
        }
        assert_eq!(TABLE.iter().filter(|e| e.verb == Verb::Help).count(), 1);
    }

    #[test]
    fn all_words_of_the_pages_are_known() {
        let c6 = "help ? commands time t log-time bill-time done complete completed finish closed note message msg send tell \
                  call phone log file edit change correct fix delete remove undo cancel folder in name as rename version \
                  update v unzip get download send-me preview show view open print matters tasks calendar documents bills \
                  messages notes contacts client home yes no maybe accept decline pay profile picture timezone email \
                  password confirm digest notify accounts stop task event assign share unshare bill expense rate reopen move";
        let c7 = "revoke who sent invite time-list hold release reject";
        let decision_16 = "keep entries status dry-run lang vcard wrong receipts";
        let others = "language address unsubscribe accepted declined tentative todo events docs files invoices cases people \
                      telephone memo fetch transcript overview tz summary notifications receipt firms delegate conversations";
        for word in [c6, c7, decision_16, others].iter().flat_map(|page| page.split_whitespace()) {
            assert!(Verb::of(word).is_some(), "#{word}");
        }
        assert_eq!(Verb::of("as"), Some(Verb::As));
        assert_eq!(Verb::of("undo"), Some(Verb::Undo));
    }

    #[test]
    fn what_co_counsel_may_not_use_is_known_and_has_its_sentence() {
        for word in ["task", "event", "assign", "share", "unshare", "bill", "expense", "rate", "reopen", "move"] {
            let who = Verb::of(word).unwrap().entry().who;
            assert!(
                matches!(who, Who::Firm(sentence) | Who::FirmAsked(sentence) if sentence.ends_with('.')),
                "#{word}"
            );
        }
    }

    #[test]
    fn one_slip_in_short_words_and_two_in_long_ones_are_near() {
        for (typed, known) in [
            ("tiem", "time"),
            ("tim", "time"),
            ("doen", "done"),
            ("Notte", "note"),
            ("mesage", "message"),
            ("dokumets", "documents"),
        ] {
            assert_eq!(nearest(typed, Locale::British), Some(known), "#{typed}");
        }
        for (typed, locale, known) in [
            ("zeti", Locale::German, Some("zeit")),
            ("zeti", Locale::Spanish, None),
            ("erledgit", Locale::German, Some("erledigt")),
            ("tmeps", Locale::French, Some("temps")),
            ("tiempoo", Locale::Spanish, Some("tiempo")),
            ("mesage", Locale::German, Some("message")),
        ] {
            assert_eq!(nearest(typed, locale), known, "#{typed}");
        }
        for word in ["metoo", "motion", "teim-sheet", "gte", "x", "1", "exhibit", "smith", "teem2"] {
            assert_eq!(nearest(word, Locale::British), None, "#{word}");
        }
    }
}
