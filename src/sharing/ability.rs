//! The verbs of the rules. Each has a code that audit, logs and tests keep for ever.

macro_rules! abilities {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// What a person may want to do with a thing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Ability { $($(#[doc = $doc])+ $name,)+ }

        impl Ability {
            /// Every ability, in the order of declaration.
            pub const ALL: &'static [Ability] = &[$(Ability::$name,)+];

            /// Gives the stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Ability::$name => $code,)+ }
            }
        }
    };
}

abilities! {
    /// See that it exists, and list it. Every other ability presupposes this one.
    View = "view",
    /// See its details: `#show`.
    SeeDetails = "see_details",
    /// See the client of a matter: `#client`.
    SeeClient = "see_client",
    /// See the contacts of a matter and their relationship: `#contacts`.
    SeeContacts = "see_contacts",
    /// See rates, amounts and totals of time. (What a bill that was shared on purpose shows is `View` and `Download`.)
    SeeMoney = "see_money",
    /// See other people's time on a matter.
    SeeOthersTime = "see_others_time",
    /// See the first page: `#preview`.
    Preview = "preview",
    /// Have the file sent: `#get`. For a folder, ask about each document in it as well.
    Download = "download",
    /// Have it in printable form: `#print`.
    Print = "print",
    /// File new documents in a folder, or in the drop folder of a matter.
    Upload = "upload",
    /// Upload a folder (a zip with sub-folders): `#unzip`.
    UploadFolder = "upload_folder",
    /// Name a document while it is filed: `#name`.
    NameAtUpload = "name_at_upload",
    /// File a new version: `#version`.
    AddVersion = "add_version",
    /// Rename what is filed.
    Rename = "rename",
    /// Change it: `#edit`. For an event its time too, for a conversation one of its messages.
    Edit = "edit",
    /// Delete it: `#delete`. For an event: cancel; for a conversation: one of its messages.
    Delete = "delete",
    /// Move it to another folder.
    Move = "move",
    /// Complete a task: `#done`.
    Complete = "complete",
    /// Reopen a task: `#reopen`.
    Reopen = "reopen",
    /// Assign or reassign a task; make somebody else the author of a time entry.
    Assign = "assign",
    /// Answer an invitation to an event: `#yes`, `#no`, `#maybe`.
    Rsvp = "rsvp",
    /// Pay a bill: `#pay`.
    Pay = "pay",
    /// Answer in a conversation.
    Reply = "reply",
    /// Begin a conversation with the firm's people on a matter, or (on `Home`) with the firm's contact person: `#message`.
    StartConversation = "start_conversation",
    /// Add a member to a conversation; on a matter or `Home`: address a new one to anybody but the firm's people.
    AddMember = "add_member",
    /// Record own time on it: `#time`.
    AddTime = "add_time",
    /// Record time for somebody else.
    AddTimeForAnother = "add_time_for_another",
    /// Record an expense: `#expense`.
    AddExpense = "add_expense",
    /// Add a note to a matter: `#note`.
    AddNote = "add_note",
    /// Log a call or a mail on a matter: `#call`, `#log`.
    AddCommunication = "add_communication",
    /// Create a matter (asked of `Home`).
    CreateMatter = "create_matter",
    /// Create a task: `#task`.
    CreateTask = "create_task",
    /// Create an event: `#event`, iMIP `REQUEST` or `PUBLISH`.
    CreateEvent = "create_event",
    /// Create a folder by itself, not by a folder upload.
    CreateFolder = "create_folder",
    /// Generate a bill: `#bill`.
    CreateBill = "create_bill",
    /// Approve a bill.
    Approve = "approve",
    /// Void a bill.
    Void = "void",
    /// Add, edit or delete the client and the contacts of a matter.
    EditContacts = "edit_contacts",
    /// Set a rate: `#rate`, or `rate:` in a command. On `Home`: the rate of a contact on all matters.
    SetRate = "set_rate",
    /// Put a time entry on a bill.
    AddToBill = "add_to_bill",
    /// Give back what was not meant for oneself: `#wrong`. It only ever ends one's own access.
    GiveBack = "give_back",
    /// See in which roles the person writes to the firms of this gateway: `#accounts` (on `Home`).
    SeeAccounts = "see_accounts",
    /// Name an assistant, list them, end what was given to them: `#assistant` (on `Home`).
    NameAssistant = "name_assistant",
    /// Let an assistant in whom a co-counsel named, or keep them out (on `Home`).
    ApproveAssistant = "approve_assistant",
    /// Give somebody else access: share, or invite to an event.
    Share = "share",
    /// End somebody's access: unshare, unassign, uninvite, remove a member.
    Unshare = "unshare",
}
