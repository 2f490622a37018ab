-- docketpost's store. Moments (`_at`) are milliseconds since 1970 in UTC, calendar dates are YYYY-MM-DD, money is in
-- minor units of the firm's currency, durations are seconds. Every key starts with the firm, so that a reference from one
-- firm's row to another's cannot be stored.

-- The law firms served by this store.
CREATE TABLE firms (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  slug TEXT NOT NULL UNIQUE,                           -- short name in the configuration and on the command line
  name TEXT NOT NULL,                                  -- name in mails
  locale TEXT NOT NULL CHECK (locale IN ('en-GB','en-US','de','fr','es')), -- words, order of dates
  time_zone TEXT NOT NULL,                             -- IANA name
  currency TEXT NOT NULL,                              -- ISO 4217
  rounding_minutes INTEGER NOT NULL CHECK (rounding_minutes BETWEEN 1 AND 60), -- time is rounded up to this (TIM-14)
  closed_matters TEXT NOT NULL DEFAULT 'read_only' CHECK (closed_matters IN ('keep','read_only','revoke')), -- REV-09
  late_time_days INTEGER NOT NULL DEFAULT 30 CHECK (late_time_days BETWEEN 0 AND 3650), -- after the closing, time for work before it is taken (TIM-16)
  ledes_law_firm_id TEXT,                              -- tax id in LEDES files
  payment_link TEXT,                                   -- where bills are paid, with {number} for the bill's (BIL-02)
  time_hints INTEGER NOT NULL DEFAULT 1,               -- receipts for time come with gentle remarks
  created_at INTEGER NOT NULL                          -- when `init` made it
) STRICT;

-- A human with a mailbox, whatever firms they work for. The login address is here, the contact card is not (ACC-11).
CREATE TABLE identities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  address TEXT NOT NULL UNIQUE,                        -- login address, lower case
  display_name TEXT,                                   -- the name they gave themselves (ACC-06)
  picture_sha256 TEXT,                                 -- blob of the picture (ACC-07)
  time_zone TEXT,                                      -- IANA name; the firm's until they say (ACC-09)
  created_at INTEGER NOT NULL,                         -- first seen
  disabled_at INTEGER                                  -- may do nothing since
) STRICT;

-- Further verified addresses of an identity (decisions.md 32).
CREATE TABLE identity_addresses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  identity_id INTEGER NOT NULL REFERENCES identities(id), -- whose
  address TEXT NOT NULL UNIQUE,                        -- lower case
  verified_at INTEGER NOT NULL                         -- when both sides confirmed
) STRICT;

-- Domains that sign an identity's mail though they are not its own (decisions.md 3).
CREATE TABLE bound_signers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  identity_id INTEGER NOT NULL REFERENCES identities(id), -- whose mail
  domain TEXT NOT NULL,                                -- d= of the signature
  bound_at INTEGER NOT NULL,                           -- since
  UNIQUE (identity_id, domain)
) STRICT;

-- Everybody as one firm knows them: its own people and its contacts.
CREATE TABLE people (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  identity_id INTEGER REFERENCES identities(id),       -- who answers mail as this person; set at the first share (ACC-02)
  kind TEXT NOT NULL CHECK (kind IN ('user','contact')), -- of the firm, or outside it
  principal_id INTEGER,                                -- assistants: the co-counsel for whom they act as this person (A10)
  first_name TEXT NOT NULL DEFAULT '',                 -- given name
  last_name TEXT NOT NULL DEFAULT '',                  -- family name; empty for a company
  company TEXT NOT NULL DEFAULT '',                    -- company, or employer
  title TEXT NOT NULL DEFAULT '',                      -- position
  initials TEXT NOT NULL DEFAULT '',                   -- shown on bills (TIM-11)
  language TEXT CHECK (language IN ('en-GB','en-US','de','fr','es')), -- of the mails they get; the firm's until one says
  accepted_at INTEGER,                                 -- contacts: when they accepted this firm's invitation (ACC-04)
  commands_off INTEGER NOT NULL DEFAULT 0,             -- their mails are messages and files only
  disabled_at INTEGER,                                 -- may do nothing for this firm since
  deleted_at INTEGER,                                  -- card deleted (ACC-18)
  created_at INTEGER NOT NULL,                         -- when added
  UNIQUE (firm_id, id),
  FOREIGN KEY (firm_id, principal_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE UNIQUE INDEX people_roles ON people (firm_id, identity_id, kind, coalesce(principal_id, 0)) WHERE identity_id IS NOT NULL;
CREATE INDEX people_by_identity ON people (identity_id);
CREATE INDEX people_by_principal ON people (firm_id, principal_id) WHERE principal_id IS NOT NULL;

-- What assistants may do for their co-counsel, and since when (A10). Who acts for two co-counsel has a row for each.
CREATE TABLE assistants (
  person_id INTEGER PRIMARY KEY,                       -- who; people.principal_id says for whom
  firm_id INTEGER NOT NULL,                            -- the firm
  address TEXT NOT NULL,                               -- the mailbox that was named; theirs once it answered, free for others before
  given TEXT NOT NULL,                                 -- what they may do, in words separated by blanks (sharing::Given)
  named_at INTEGER NOT NULL,                           -- when the co-counsel named them
  confirmed_at INTEGER,                                -- when the co-counsel confirmed it by a code
  tries INTEGER NOT NULL DEFAULT 0,                    -- wrong codes so far
  approved_by INTEGER,                                 -- the user who let them in
  approved_at INTEGER,                                 -- may be invited since
  ended_at INTEGER,                                    -- may do nothing since
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, approved_by) REFERENCES people(firm_id, id)
) STRICT;

-- What the firm's own people may do in it (FRM-03) and cost.
CREATE TABLE users (
  person_id INTEGER PRIMARY KEY,                       -- who
  firm_id INTEGER NOT NULL,                            -- the firm
  is_admin INTEGER NOT NULL DEFAULT 0,                 -- settings, everything
  has_accounts INTEGER NOT NULL DEFAULT 0,             -- accounts permission
  has_reports INTEGER NOT NULL DEFAULT 0,              -- reports permission
  has_billing INTEGER NOT NULL DEFAULT 0,              -- rates and bills
  rate_minor INTEGER,                                  -- hourly rate; firm only
  subscription_type TEXT NOT NULL DEFAULT 'Attorney' CHECK (subscription_type IN ('Attorney','NonAttorney')), -- kind of seat
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Contact cards: clients, co-counsel, witnesses, judges.
CREATE TABLE contacts (
  person_id INTEGER PRIMARY KEY,                       -- who
  firm_id INTEGER NOT NULL,                            -- the firm
  type TEXT NOT NULL CHECK (type IN ('Person','Company')), -- human or company
  is_client INTEGER NOT NULL DEFAULT 0,                -- a client of the firm
  is_co_counsel INTEGER NOT NULL DEFAULT 0,            -- may get matter shares (ACC-20)
  address_locked INTEGER NOT NULL DEFAULT 0,           -- login address may not be changed by the firm (ACC-14)
  ledes_client_id TEXT,                                -- CLIENT_ID in LEDES files
  rate_minor INTEGER,                                  -- co-counsel's hourly rate (TIM-12); firm only
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Mail addresses on a contact card; not the login address.
CREATE TABLE contact_emails (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- whose card
  label TEXT NOT NULL DEFAULT 'Work',                  -- Work, Home, Other
  address TEXT NOT NULL,                               -- lower case
  is_primary INTEGER NOT NULL DEFAULT 0,               -- the one to invite
  UNIQUE (firm_id, address),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Telephone numbers on a contact card.
CREATE TABLE contact_phones (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- whose card
  label TEXT NOT NULL DEFAULT 'Work',                  -- Work, Home, Mobile, Fax, Pager, Skype, Other
  number TEXT NOT NULL,                                -- as written
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Postal addresses on a contact card.
CREATE TABLE contact_addresses (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- whose card
  label TEXT NOT NULL DEFAULT 'Work',                  -- Work, Home, Other
  street TEXT NOT NULL DEFAULT '',                     -- street and number
  city TEXT NOT NULL DEFAULT '',                       -- town
  state TEXT NOT NULL DEFAULT '',                      -- state or county
  postal_code TEXT NOT NULL DEFAULT '',                -- postcode
  country TEXT NOT NULL DEFAULT '',                    -- country
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- How and when a person wants to be told.
CREATE TABLE preferences (
  person_id INTEGER PRIMARY KEY,                       -- who
  firm_id INTEGER NOT NULL,                            -- by which firm
  receipts TEXT NOT NULL DEFAULT 'brief' CHECK (receipts IN ('all','brief','off')), -- decisions.md 25
  digest TEXT NOT NULL DEFAULT 'daily' CHECK (digest IN ('off','daily','weekly')), -- how often
  digest_time TEXT NOT NULL DEFAULT '07:30',           -- HH:MM in their zone
  digest_weekday INTEGER NOT NULL DEFAULT 1 CHECK (digest_weekday BETWEEN 1 AND 7), -- weekly: 1 is Monday
  silenced TEXT NOT NULL DEFAULT '',                   -- kinds of mail they switched off, separated by blanks
  stopped_at INTEGER,                                  -- #stop: only mandatory mails since
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- How the firm's own people are told of what co-counsel do; where nothing is said, as store/news.rs says.
CREATE TABLE told_how (
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- which user
  deeds TEXT NOT NULL CHECK (deeds IN ('messages','files','tasks','work')), -- of what
  how TEXT NOT NULL CHECK (how IN ('at-once','digest','off')), -- how
  PRIMARY KEY (firm_id, person_id, deeds),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT, WITHOUT ROWID;

-- Matters.
CREATE TABLE matters (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  number INTEGER NOT NULL,                             -- M-12
  display_number TEXT NOT NULL,                        -- the firm's own number
  description TEXT NOT NULL DEFAULT '',                -- what it is about
  status TEXT NOT NULL DEFAULT 'Open' CHECK (status IN ('Pending','Open','Closed')), -- state
  client_id INTEGER,                                   -- the client (a contact)
  practice_area TEXT NOT NULL DEFAULT '',              -- field of law
  stage TEXT NOT NULL DEFAULT '',                      -- stage in the firm's workflow
  responsible_id INTEGER,                              -- responsible attorney (a user): hears of everything
  originating_id INTEGER,                              -- originating attorney (a user)
  location TEXT NOT NULL DEFAULT '',                   -- court or file location
  client_reference TEXT NOT NULL DEFAULT '',           -- the client's own number
  custom_number TEXT NOT NULL DEFAULT '',              -- free number
  open_date TEXT,                                      -- opened on
  pending_date TEXT,                                   -- pending since
  close_date TEXT,                                     -- closed on
  billing_method TEXT NOT NULL DEFAULT 'hourly' CHECK (billing_method IN ('hourly','flat','contingency')), -- firm only
  is_billable INTEGER NOT NULL DEFAULT 1,              -- firm only
  budget_minor INTEGER,                                -- firm only
  sensitivity TEXT NOT NULL DEFAULT 'standard' CHECK (sensitivity IN ('standard','confidential','restricted')), -- what mails may carry
  legal_hold INTEGER NOT NULL DEFAULT 0,               -- nothing is purged
  commands_off INTEGER NOT NULL DEFAULT 0,             -- mails about it are messages and files only
  access TEXT NOT NULL DEFAULT 'everyone' CHECK (access IN ('everyone','listed')), -- which users (FRM-02)
  created_at INTEGER NOT NULL,                         -- when added
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  UNIQUE (firm_id, display_number),
  FOREIGN KEY (firm_id, client_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, responsible_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, originating_id) REFERENCES people(firm_id, id)
) STRICT;

-- Users who may see a matter whose access is 'listed' (FRM-02).
CREATE TABLE matter_permissions (
  firm_id INTEGER NOT NULL,                            -- the firm
  matter_id INTEGER NOT NULL,                          -- which matter
  person_id INTEGER NOT NULL,                          -- which user
  PRIMARY KEY (firm_id, matter_id, person_id),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Users who hear of a matter in their digest though somebody else is responsible.
CREATE TABLE followers (
  firm_id INTEGER NOT NULL,                            -- the firm
  matter_id INTEGER NOT NULL,                          -- which matter
  person_id INTEGER NOT NULL,                          -- which user
  PRIMARY KEY (firm_id, matter_id, person_id),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT, WITHOUT ROWID;

-- Ethical walls (REV-11).
CREATE TABLE screens (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  matter_id INTEGER NOT NULL,                          -- which matter
  person_id INTEGER NOT NULL,                          -- who is kept out
  reason TEXT NOT NULL DEFAULT '',                     -- for the firm's file
  erected_at INTEGER NOT NULL,                         -- since
  lifted_at INTEGER,                                   -- until
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX screens_by_matter ON screens (firm_id, matter_id, person_id);

-- Who else has to do with a matter (MAT-04).
CREATE TABLE relationships (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  matter_id INTEGER NOT NULL,                          -- which matter
  person_id INTEGER NOT NULL,                          -- which contact
  description TEXT NOT NULL DEFAULT '',                -- "Opposing counsel", "Judge"
  UNIQUE (firm_id, matter_id, person_id, description),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- The firm's own fields on matters.
CREATE TABLE custom_fields (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  name TEXT NOT NULL,                                  -- label
  visible_to_co_counsel INTEGER NOT NULL DEFAULT 0,    -- part of a matter share
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, name)
) STRICT;

-- Values of custom fields.
CREATE TABLE custom_field_values (
  firm_id INTEGER NOT NULL,                            -- the firm
  custom_field_id INTEGER NOT NULL,                    -- which field
  matter_id INTEGER NOT NULL,                          -- on which matter
  value TEXT NOT NULL,                                 -- what it says
  PRIMARY KEY (firm_id, custom_field_id, matter_id),
  FOREIGN KEY (firm_id, custom_field_id) REFERENCES custom_fields(firm_id, id),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id)
) STRICT;

-- What is shared with whom. Assignment, attendance and membership are shares too, so that "what can Jane see" is one query.
CREATE TABLE shares (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- with whom (a contact)
  resource_type TEXT NOT NULL CHECK (resource_type IN ('matter','folder','document','bill','task','calendar_entry','conversation')), -- what
  resource_id INTEGER NOT NULL,                        -- which one
  source TEXT NOT NULL CHECK (source IN ('direct','assignment','attendance','membership')), -- how it came about
  notify INTEGER NOT NULL DEFAULT 1,                   -- were they told (REV-10)
  personal_message TEXT NOT NULL DEFAULT '',           -- what the lawyer added
  created_by INTEGER NOT NULL,                         -- the user who shared
  created_at INTEGER NOT NULL,                         -- since
  expires_at INTEGER,                                  -- ends by itself
  revoked_by INTEGER,                                  -- the user who ended it
  revoked_at INTEGER,                                  -- until
  revoke_reason TEXT,                                  -- firm only
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, created_by) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, revoked_by) REFERENCES people(firm_id, id)
) STRICT;
CREATE UNIQUE INDEX shares_live ON shares (firm_id, person_id, resource_type, resource_id) WHERE revoked_at IS NULL;
CREATE INDEX shares_by_resource ON shares (firm_id, resource_type, resource_id);

-- Terms of a share that co-counsel must never see (TIM-12).
CREATE TABLE share_terms (
  share_id INTEGER PRIMARY KEY REFERENCES shares(id),  -- which share
  rate_minor INTEGER NOT NULL,                         -- co-counsel's hourly rate on this matter
  currency TEXT NOT NULL                               -- ISO 4217
) STRICT;

-- The first share's invitation, one open at a time for a person (ACC-02).
CREATE TABLE invitations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- who is invited
  invited_by INTEGER NOT NULL,                         -- the inviting lawyer
  address TEXT NOT NULL,                               -- the only address that may accept
  conflict_names TEXT NOT NULL DEFAULT '',             -- names given for the conflict check (decisions.md 28)
  personal_message TEXT NOT NULL DEFAULT '',           -- what the lawyer added
  sent_at INTEGER NOT NULL,                            -- since
  expires_at INTEGER NOT NULL,                         -- until
  accepted_at INTEGER,                                 -- ended by #accept
  declined_at INTEGER,                                 -- ended by #decline
  withdrawn_at INTEGER,                                -- ended by the firm, or by a newer one
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, invited_by) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX invitations_by_person ON invitations (firm_id, person_id);

-- Folders of a matter's documents. A drop folder takes what one co-counsel sends; it is no share (decisions.md 22).
CREATE TABLE folders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  number INTEGER NOT NULL,                             -- F-3
  matter_id INTEGER NOT NULL,                          -- of which matter
  parent_id INTEGER,                                   -- in which folder; none: top
  name TEXT NOT NULL,                                  -- as shown
  is_drop INTEGER NOT NULL DEFAULT 0,                  -- "From co-counsel", the creator's own
  locked INTEGER NOT NULL DEFAULT 0,                   -- takes nothing
  creator_id INTEGER,                                  -- whose upload made it; none: the firm's
  created_at INTEGER NOT NULL,                         -- when made
  deleted_at INTEGER,                                  -- gone since
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  CHECK (is_drop = 0 OR creator_id IS NOT NULL),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, parent_id) REFERENCES folders(firm_id, id),
  FOREIGN KEY (firm_id, creator_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE UNIQUE INDEX folders_drop ON folders (firm_id, matter_id, creator_id) WHERE is_drop = 1 AND deleted_at IS NULL;
CREATE INDEX folders_by_parent ON folders (firm_id, parent_id);

-- Documents; their content is in their versions.
CREATE TABLE documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  number INTEGER NOT NULL,                             -- D-4
  matter_id INTEGER NOT NULL,                          -- of which matter
  folder_id INTEGER,                                   -- in which folder; none: top
  name TEXT NOT NULL,                                  -- as shown
  category TEXT NOT NULL DEFAULT '',                   -- the firm's category
  locked INTEGER NOT NULL DEFAULT 0,                   -- checked out by the firm (DOC-17)
  creator_id INTEGER NOT NULL,                         -- who filed it
  received_at INTEGER NOT NULL,                        -- when filed
  deleted_at INTEGER,                                  -- gone since
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, folder_id) REFERENCES folders(firm_id, id),
  FOREIGN KEY (firm_id, creator_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX documents_by_folder ON documents (firm_id, folder_id);
CREATE INDEX documents_by_matter ON documents (firm_id, matter_id);

-- Versions of documents; never overwritten (DOC-10).
CREATE TABLE document_versions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  document_id INTEGER NOT NULL,                        -- of which document
  version_number INTEGER NOT NULL,                     -- 1, 2, …
  filename TEXT NOT NULL,                              -- name of the file as it came
  size INTEGER NOT NULL,                               -- bytes
  content_type TEXT NOT NULL,                          -- as sniffed
  sha256 TEXT NOT NULL,                                -- blob
  creator_id INTEGER NOT NULL,                         -- who sent it
  inbox_id INTEGER,                                    -- by which mail
  received_at INTEGER NOT NULL,                        -- when
  UNIQUE (firm_id, document_id, version_number),
  FOREIGN KEY (firm_id, document_id) REFERENCES documents(firm_id, id),
  FOREIGN KEY (firm_id, creator_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id)
) STRICT;
CREATE INDEX document_versions_by_sha256 ON document_versions (sha256);

-- Tasks (API words).
CREATE TABLE tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  number INTEGER NOT NULL,                             -- T-12
  name TEXT NOT NULL,                                  -- what is to be done
  description TEXT NOT NULL DEFAULT '',                -- more of it
  matter_id INTEGER,                                   -- for which matter
  assignee_id INTEGER,                                 -- who shall do it
  assigner_id INTEGER,                                 -- the user who asked
  priority TEXT NOT NULL DEFAULT 'Normal' CHECK (priority IN ('High','Normal','Low')), -- urgency
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending','in_progress','in_review','complete')), -- state
  permission TEXT NOT NULL DEFAULT 'public' CHECK (permission IN ('public','private')), -- for users
  due_at TEXT,                                         -- due on (a date)
  notify_completion INTEGER NOT NULL DEFAULT 1,        -- tell the assigner (TSK-02)
  time_estimated INTEGER,                              -- seconds
  created_at INTEGER NOT NULL,                         -- when made
  completed_at INTEGER,                                -- when completed
  completed_by INTEGER,                                -- by whom
  deleted_at INTEGER,                                  -- gone since
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, assignee_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, assigner_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, completed_by) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX tasks_by_assignee ON tasks (firm_id, assignee_id);

-- Notes on a matter.
CREATE TABLE notes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  number INTEGER NOT NULL,                             -- N-9 to the firm; see reader_numbers
  matter_id INTEGER NOT NULL,                          -- on which matter
  subject TEXT NOT NULL DEFAULT '',                    -- heading
  detail TEXT NOT NULL,                                -- text
  date TEXT NOT NULL,                                  -- of which day
  author_id INTEGER NOT NULL,                          -- who wrote it
  internal INTEGER NOT NULL DEFAULT 0,                 -- never for co-counsel (NOT-01)
  created_at INTEGER NOT NULL,                         -- when written
  edited_at INTEGER,                                   -- when last changed
  deleted_at INTEGER,                                  -- hidden since
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, author_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX notes_by_matter ON notes (firm_id, matter_id);

-- Earlier texts of notes and communications that were edited (NOT-03, COM-03).
CREATE TABLE earlier_texts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  kind TEXT NOT NULL CHECK (kind IN ('note','communication')), -- of what
  item_id INTEGER NOT NULL,                            -- of which one
  subject TEXT NOT NULL,                               -- heading before
  detail TEXT NOT NULL,                                -- text before
  replaced_at INTEGER NOT NULL                         -- when
) STRICT;

-- Logged mails and telephone calls.
CREATE TABLE communications (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  number INTEGER NOT NULL,                             -- LOG-3 to the firm; see reader_numbers
  type TEXT NOT NULL CHECK (type IN ('EmailCommunication','PhoneCommunication')), -- what it was
  matter_id INTEGER NOT NULL,                          -- on which matter
  subject TEXT NOT NULL DEFAULT '',                    -- heading
  body TEXT NOT NULL,                                  -- text
  date TEXT NOT NULL,                                  -- of which day
  length_seconds INTEGER,                              -- a call's length; not billed
  senders TEXT NOT NULL DEFAULT '',                    -- as written in the mail, or who called
  receivers TEXT NOT NULL DEFAULT '',                  -- as written in the mail, or who was called
  author_id INTEGER NOT NULL,                          -- who logged it
  inbox_id INTEGER,                                    -- by which mail
  created_at INTEGER NOT NULL,                         -- when logged
  edited_at INTEGER,                                   -- when last changed
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, author_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id)
) STRICT;
CREATE INDEX communications_by_matter ON communications (firm_id, matter_id);

-- Conversations of secure messages. Members are shares with the source 'membership' and users listed here.
CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  number INTEGER NOT NULL,                             -- MSG-8
  matter_id INTEGER,                                   -- on which matter
  subject TEXT NOT NULL,                               -- heading
  about_type TEXT,                                     -- item it is about, if any: task, document, bill, calendar_entry
  about_id INTEGER,                                    -- which one
  read_only INTEGER NOT NULL DEFAULT 0,                -- takes no more messages
  created_at INTEGER NOT NULL,                         -- when begun
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id)
) STRICT;

-- Who is in a conversation. A contact is in it while the share of it lives.
CREATE TABLE conversation_memberships (
  firm_id INTEGER NOT NULL,                            -- the firm
  conversation_id INTEGER NOT NULL,                    -- which conversation
  person_id INTEGER NOT NULL,                          -- who
  joined_at INTEGER NOT NULL,                          -- since
  removed_at INTEGER,                                  -- until
  PRIMARY KEY (firm_id, conversation_id, person_id),
  FOREIGN KEY (firm_id, conversation_id) REFERENCES conversations(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Secure messages; never edited, never deleted (MSG-04).
CREATE TABLE conversation_messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  conversation_id INTEGER NOT NULL,                    -- in which conversation
  sender_id INTEGER NOT NULL,                          -- who wrote it
  body TEXT NOT NULL,                                  -- the newly written text
  inbox_id INTEGER,                                    -- by which mail
  superseded_by INTEGER,                               -- corrected by (MSG-10)
  created_at INTEGER NOT NULL,                         -- when
  UNIQUE (firm_id, id),
  FOREIGN KEY (firm_id, conversation_id) REFERENCES conversations(firm_id, id),
  FOREIGN KEY (firm_id, sender_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id),
  FOREIGN KEY (firm_id, superseded_by) REFERENCES conversation_messages(firm_id, id)
) STRICT;
CREATE INDEX conversation_messages_by_conversation ON conversation_messages (firm_id, conversation_id);

-- Documents that came with a message.
CREATE TABLE message_documents (
  firm_id INTEGER NOT NULL,                            -- the firm
  message_id INTEGER NOT NULL,                         -- which message
  document_id INTEGER NOT NULL,                        -- which document
  PRIMARY KEY (firm_id, message_id, document_id),
  FOREIGN KEY (firm_id, message_id) REFERENCES conversation_messages(firm_id, id),
  FOREIGN KEY (firm_id, document_id) REFERENCES documents(firm_id, id)
) STRICT;

-- Calendar events.
CREATE TABLE calendar_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  number INTEGER NOT NULL,                             -- EV-5
  uid TEXT NOT NULL UNIQUE,                            -- iCalendar UID
  sequence INTEGER NOT NULL DEFAULT 0,                 -- raised by each change of what it says
  summary TEXT NOT NULL,                               -- heading
  description TEXT NOT NULL DEFAULT '',                -- text
  location TEXT NOT NULL DEFAULT '',                   -- where
  conference_url TEXT NOT NULL DEFAULT '',             -- meeting link
  start_at INTEGER NOT NULL,                           -- begins; all-day: midnight in its zone
  end_at INTEGER NOT NULL,                             -- ends (exclusive)
  all_day INTEGER NOT NULL DEFAULT 0,                  -- whole days
  time_zone TEXT NOT NULL,                             -- IANA name, so that a series keeps its local hour
  recurrence_rule TEXT,                                -- RRULE
  matter_id INTEGER,                                   -- on which matter
  organizer_id INTEGER NOT NULL,                       -- the user who invites
  created_at INTEGER NOT NULL,                         -- when made
  cancelled_at INTEGER,                                -- called off
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, organizer_id) REFERENCES people(firm_id, id)
) STRICT;

-- Who is invited to an event; for a contact the share with the source 'attendance' is the grant.
CREATE TABLE attendees (
  firm_id INTEGER NOT NULL,                            -- the firm
  calendar_entry_id INTEGER NOT NULL,                  -- which event
  person_id INTEGER NOT NULL,                          -- who
  invited_address TEXT NOT NULL DEFAULT '',            -- address in the last invitation that left
  partstat TEXT NOT NULL DEFAULT 'NEEDS-ACTION' CHECK (partstat IN ('NEEDS-ACTION','ACCEPTED','DECLINED','TENTATIVE')), -- answer (CAL-07)
  answered_at INTEGER,                                 -- when the answer was written
  invited_at INTEGER NOT NULL,                         -- since
  removed_at INTEGER,                                  -- until
  raised INTEGER NOT NULL DEFAULT 0,                   -- by how much their sequence is above the event's: what concerns only them
  sent_sequence INTEGER,                               -- theirs in the last invitation that left; empty: none is in their calendar
  sent_beginning TEXT,                                 -- the beginning that it said, as iCalendar writes it
  sent_at INTEGER,                                     -- when it left
  PRIMARY KEY (firm_id, calendar_entry_id, person_id),
  FOREIGN KEY (firm_id, calendar_entry_id) REFERENCES calendar_entries(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Single times of a series that differ from the others: changed, or called off.
CREATE TABLE event_exceptions (
  firm_id INTEGER NOT NULL,                            -- the firm
  calendar_entry_id INTEGER NOT NULL,                  -- which series
  day TEXT NOT NULL,                                   -- the day on which the series has it, by the clock of its zone: 2026-04-20
  sequence INTEGER NOT NULL,                           -- the event's sequence when it was changed last
  summary TEXT NOT NULL DEFAULT '',                    -- heading
  description TEXT NOT NULL DEFAULT '',                -- text
  location TEXT NOT NULL DEFAULT '',                   -- where
  conference_url TEXT NOT NULL DEFAULT '',             -- meeting link
  start_at INTEGER,                                    -- begins; empty: it was called off
  end_at INTEGER,                                      -- ends (exclusive)
  CHECK ((start_at IS NULL) = (end_at IS NULL)),
  PRIMARY KEY (firm_id, calendar_entry_id, day),
  FOREIGN KEY (firm_id, calendar_entry_id) REFERENCES calendar_entries(firm_id, id)
) STRICT;

-- What somebody answered for one time of a series, and what left for them about it.
CREATE TABLE occurrence_answers (
  firm_id INTEGER NOT NULL,                            -- the firm
  calendar_entry_id INTEGER NOT NULL,                  -- which series
  day TEXT NOT NULL,                                   -- the day on which the series has it, by the clock of its zone
  person_id INTEGER NOT NULL,                          -- who
  partstat TEXT NOT NULL DEFAULT 'NEEDS-ACTION' CHECK (partstat IN ('NEEDS-ACTION','ACCEPTED','DECLINED','TENTATIVE')), -- answer (CAL-07)
  answered_at INTEGER,                                 -- when the answer was written
  sent_sequence INTEGER,                               -- of the last mail about this one time
  PRIMARY KEY (firm_id, calendar_entry_id, day, person_id),
  FOREIGN KEY (firm_id, calendar_entry_id) REFERENCES calendar_entries(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- What was refused and can be sent to the firm as a message: the answer to the receipt takes it up (CAL-03, CAL-04).
CREATE TABLE offers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  inbox_id INTEGER NOT NULL,                           -- the mail that was refused
  person_id INTEGER NOT NULL,                          -- who wrote it
  event_id INTEGER,                                    -- the event that it is about
  matter_id INTEGER,                                   -- the matter that it is about
  body TEXT NOT NULL,                                  -- the message
  made_at INTEGER NOT NULL,                            -- when it was offered
  taken_at INTEGER,                                    -- when it was sent
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, event_id) REFERENCES calendar_entries(firm_id, id),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id)
) STRICT;
CREATE INDEX offers_of_mail ON offers (firm_id, inbox_id);

-- Bills.
CREATE TABLE bills (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  number INTEGER NOT NULL,                             -- BILL-17
  bill_number TEXT NOT NULL,                           -- the firm's own number
  kind TEXT NOT NULL DEFAULT 'revenue_kind',           -- revenue_kind, summary_kind, trust_kind
  state TEXT NOT NULL CHECK (state IN ('draft','awaiting_approval','awaiting_payment','paid','void','deleted')), -- state
  subject TEXT NOT NULL DEFAULT '',                    -- heading
  matter_id INTEGER,                                   -- for which matter
  client_id INTEGER,                                   -- for which client
  issued_at TEXT,                                      -- issued on (a date)
  due_at TEXT,                                         -- due on (a date)
  start_at TEXT,                                       -- period from (a date)
  end_at TEXT,                                         -- period to (a date)
  total_minor INTEGER NOT NULL DEFAULT 0,              -- total
  balance_minor INTEGER NOT NULL DEFAULT 0,            -- still to pay
  currency TEXT NOT NULL,                              -- ISO 4217
  pdf_sha256 TEXT,                                     -- blob of the bill
  pdf_size INTEGER,                                    -- bytes
  payment_url TEXT,                                    -- where to pay this one, if not by the firm's link (BIL-02)
  paid_at INTEGER,                                     -- when it was noticed that it is paid; 0: it came so
  memo TEXT NOT NULL DEFAULT '',                       -- firm only
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  UNIQUE (firm_id, bill_number),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, client_id) REFERENCES people(firm_id, id)
) STRICT;

-- Activity categories (TIM-13).
CREATE TABLE activity_descriptions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  name TEXT NOT NULL,                                  -- label
  visible_to_co_counsel INTEGER NOT NULL DEFAULT 0,    -- may be chosen by them
  rate_minor INTEGER,                                  -- firm only
  utbms_activity_code TEXT,                            -- code that goes with it
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, name)
) STRICT;

-- UTBMS sets that the firm uses, and codes it added.
CREATE TABLE utbms_codes (
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  code TEXT NOT NULL,                                  -- A113
  name TEXT NOT NULL,                                  -- what it means
  PRIMARY KEY (firm_id, code)
) STRICT;

-- Time entries and expenses. What a co-counsel's mail may show of a time entry has no field for money.
CREATE TABLE activities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  number INTEGER NOT NULL,                             -- TE-31 to the firm; see reader_numbers
  type TEXT NOT NULL CHECK (type IN ('TimeEntry','ExpenseEntry','HardCostEntry','SoftCostEntry')), -- what
  person_id INTEGER NOT NULL,                          -- whose time
  matter_id INTEGER,                                   -- on which matter; none: a task without one
  subject_type TEXT CHECK (subject_type IN ('task','document','note','communication','conversation')), -- on which item (TIM-07)
  subject_id INTEGER,                                  -- which one
  date TEXT NOT NULL,                                  -- of which day
  quantity_seconds INTEGER NOT NULL,                   -- as entered
  rounded_seconds INTEGER NOT NULL,                    -- up to the firm's increment (TIM-14)
  narrative TEXT NOT NULL DEFAULT '',                  -- what was done
  activity_description_id INTEGER,                     -- category
  utbms_task_code TEXT,                                -- L210
  utbms_activity_code TEXT,                            -- A103
  utbms_expense_code TEXT,                             -- E101
  non_billable INTEGER NOT NULL DEFAULT 0,             -- not for the bill
  no_charge INTEGER NOT NULL DEFAULT 0,                -- on the bill, at nothing
  rate_minor INTEGER,                                  -- hourly rate of this entry alone (TIM-09); firm only
  price_minor INTEGER,                                 -- firm only
  bill_id INTEGER,                                     -- on which bill (TIM-04)
  created_at INTEGER NOT NULL,                         -- when entered
  edited_at INTEGER,                                   -- when last changed
  edited_by_firm_at INTEGER,                           -- when the firm changed it (TIM-09)
  deleted_at INTEGER,                                  -- taken back since
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, number),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, activity_description_id) REFERENCES activity_descriptions(firm_id, id),
  FOREIGN KEY (firm_id, bill_id) REFERENCES bills(firm_id, id)
) STRICT;
CREATE INDEX activities_by_person ON activities (firm_id, person_id, date);
CREATE INDEX activities_by_matter ON activities (firm_id, matter_id);

-- The last number given, per firm and kind, and per co-counsel for what they number by themselves (decisions.md 29).
CREATE TABLE counters (
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  reader_id INTEGER NOT NULL,                          -- 0: the firm's numbers; else a contact's own
  kind TEXT NOT NULL,                                  -- of what
  last INTEGER NOT NULL,                               -- last number given
  PRIMARY KEY (firm_id, reader_id, kind)
) STRICT, WITHOUT ROWID;

-- Numbers of notes, communications and time entries as one co-counsel knows them, so that no number tells how much
-- others do (decisions.md 29).
CREATE TABLE reader_numbers (
  firm_id INTEGER NOT NULL,                            -- the firm
  reader_id INTEGER NOT NULL,                          -- who reads
  kind TEXT NOT NULL CHECK (kind IN ('note','communication','activity')), -- of what
  number INTEGER NOT NULL,                             -- number to this reader
  item_id INTEGER NOT NULL,                            -- which one
  PRIMARY KEY (firm_id, reader_id, kind, number),
  UNIQUE (firm_id, reader_id, kind, item_id),
  FOREIGN KEY (firm_id, reader_id) REFERENCES people(firm_id, id)
) STRICT, WITHOUT ROWID;

-- Ids in other systems, so that a second import updates.
CREATE TABLE external_ids (
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  source TEXT NOT NULL,                                -- which system
  kind TEXT NOT NULL,                                  -- of what: person, matter, task …
  external TEXT NOT NULL,                              -- its id there
  item_id INTEGER NOT NULL,                            -- our row
  PRIMARY KEY (firm_id, source, kind, external)
) STRICT, WITHOUT ROWID;

-- Mail that came in; the raw bytes are a blob. The states are those of store/inbox.rs.
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL REFERENCES firms(id),       -- the firm
  mailbox TEXT NOT NULL,                               -- name in the configuration
  source TEXT NOT NULL DEFAULT '',                     -- fingerprint of the server's folder that counts; empty for folders and standard input
  uid_validity INTEGER NOT NULL,                       -- of the mailbox; 0 for folders and standard input
  uid TEXT NOT NULL,                                   -- UID, file name, or hash
  sha256 TEXT NOT NULL,                                -- blob of the raw mail
  kept_sha256 TEXT,                                    -- blob that is kept in its place: the same without card numbers; empty: purged
  size INTEGER NOT NULL,                               -- bytes
  arrived_at INTEGER NOT NULL,                         -- INTERNALDATE
  received_at INTEGER NOT NULL,                        -- when staged
  state TEXT NOT NULL CHECK (state IN ('RECEIVED','PROVED','APPLIED','HELD','REFUSED','IGNORED','DEAD')), -- where it stands
  tries INTEGER NOT NULL DEFAULT 0,                    -- attempts to take it through
  next_at INTEGER NOT NULL DEFAULT 0,                  -- not before
  proof TEXT,                                          -- facts of the proof (JSON), once known
  reason TEXT,                                         -- code of the outcome
  held_for TEXT,                                       -- the reason that a dismissed mail was held for
  class TEXT,                                          -- person, auto_reply, bounce …
  level TEXT,                                          -- STRONG, GOOD, WEAK, NONE, FAIL
  message_id TEXT,                                     -- as written; never the only key
  content_hash TEXT,                                   -- canonical hash (decisions.md 40)
  from_address TEXT,                                   -- strict From, if there is one
  subject TEXT,                                        -- for the firm's list of held mail
  person_id INTEGER,                                   -- who it was found to be from
  matter_id INTEGER,                                   -- which matter it was found to be about
  thread_id INTEGER,                                   -- in reply to what
  unsure INTEGER NOT NULL DEFAULT 0,                   -- text of it may have been left out
  decided_at INTEGER,                                  -- when it got its outcome
  decided_by INTEGER,                                  -- the user who released, assigned or dismissed it
  assigned_matter_id INTEGER,                          -- matter that the firm named for it
  released_level TEXT,                                 -- level that a release or a confirmation gave it
  role_id INTEGER,                                     -- the person as whom its writer said that they wrote it (ACC-15)
  settled_at INTEGER,                                  -- when the mailbox was tidied
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, mailbox, source, uid_validity, uid, sha256), -- a server may give a UID to another mail
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, assigned_matter_id) REFERENCES matters(firm_id, id),
  FOREIGN KEY (firm_id, decided_by) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, role_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX inbox_open ON inbox (state, next_at) WHERE state IN ('RECEIVED','PROVED');
CREATE INDEX inbox_unsettled ON inbox (firm_id, mailbox, source, uid_validity) WHERE settled_at IS NULL;
CREATE INDEX inbox_by_sha256 ON inbox (firm_id, sha256);
CREATE INDEX inbox_by_content ON inbox (firm_id, person_id, content_hash);
CREATE INDEX inbox_by_arrival ON inbox (firm_id, person_id, arrived_at);
CREATE INDEX inbox_by_matter ON inbox (firm_id, matter_id, arrived_at);
CREATE INDEX inbox_by_message_id ON inbox (firm_id, person_id, message_id);

-- What each mail did, once (decisions.md 40).
CREATE TABLE effects (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- for whom
  content_hash TEXT NOT NULL,                          -- of which content
  ordinal INTEGER NOT NULL,                            -- which of its effects
  inbox_id INTEGER NOT NULL,                           -- of which mail
  verb TEXT NOT NULL,                                  -- time, done, message, file …
  kind TEXT,                                           -- of what (domain::Kind)
  item_id INTEGER,                                     -- which one
  before TEXT,                                         -- what #undo puts back (JSON)
  undone_at INTEGER,                                   -- reversed by #undo
  UNIQUE (firm_id, person_id, content_hash, ordinal),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id)
) STRICT;
CREATE INDEX effects_by_inbox ON effects (firm_id, inbox_id);

-- Reply addresses: one per person, thing and purpose, stable across notices (sender-proof.md 5.7, decisions.md 9).
CREATE TABLE threads (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- whose
  purpose TEXT NOT NULL CHECK (purpose IN ('reply','invite','receipt','digest','confirm','role','new_address')), -- what an answer means
  kind TEXT NOT NULL,                                  -- about what (domain::Kind), or 'firm', 'inbox', 'invitation', 'challenge', 'assistant', 'address'
  item_id INTEGER NOT NULL,                            -- which one
  generation INTEGER NOT NULL DEFAULT 0,               -- raised when the address is replaced
  lookup TEXT NOT NULL,                                -- keyed hash of the address's identity part
  previous_lookup TEXT,                                -- of the address before, to tell a dead one from a wrong one
  created_at INTEGER NOT NULL,                         -- when first used
  used_at INTEGER NOT NULL,                            -- last notice or answer
  expires_at INTEGER,                                  -- purposes that end
  revoked_at INTEGER,                                  -- ended
  misused_at INTEGER,                                  -- a stranger used it
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, person_id, purpose, kind, item_id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;
CREATE UNIQUE INDEX threads_by_lookup ON threads (lookup);
CREATE INDEX threads_by_previous ON threads (previous_lookup) WHERE previous_lookup IS NOT NULL;

-- The keys of reply addresses; the secrets are in the file reply.key beside the database, in the order of their letters.
CREATE TABLE reply_keys (
  letter TEXT PRIMARY KEY,                             -- as it stands in the addresses
  made_at INTEGER,                                     -- new addresses are made with it since; none: since ever
  ends_at INTEGER                                      -- its addresses prove nothing from then on; none: the present one
) STRICT;
INSERT INTO reply_keys (letter) VALUES ('a');

-- The last test of each mailbox's border, by a mail of our own to ourselves (sender-proof.md 5.3).
CREATE TABLE border_checks (
  mailbox TEXT PRIMARY KEY,                            -- its name in the configuration
  checked_at INTEGER NOT NULL,                         -- when the mail was sent
  policy TEXT NOT NULL,                                -- what was configured then
  holds INTEGER NOT NULL,                              -- what strangers write in the border's name is told apart
  said TEXT NOT NULL                                   -- what was found, in words
) STRICT;

-- Letters on their way out. The states are those of store/outbox.rs.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- to whom; the address is looked up when it is sent (ACC-12)
  letter_key TEXT NOT NULL,                            -- the same letter is queued once
  template TEXT NOT NULL,                              -- which letter
  content TEXT NOT NULL,                               -- what it says: references and facts, not text (JSON)
  thread_id INTEGER,                                   -- reply address
  inbox_id INTEGER,                                    -- caused by which mail
  message_id TEXT NOT NULL UNIQUE,                     -- Message-ID without brackets
  date_at INTEGER NOT NULL,                            -- Date
  to_login_address TEXT,                               -- only for mails bound to one address (invitations, codes)
  coalesce_key TEXT,                                   -- may be merged with others of this key before it is rendered
  state TEXT NOT NULL CHECK (state IN ('QUEUED','SENDING','SENT','FAILED','CANCELLED')), -- where it stands
  tries INTEGER NOT NULL DEFAULT 0,                    -- attempts
  next_at INTEGER NOT NULL,                            -- not before
  claimed_at INTEGER,                                  -- SENDING since
  sent_at INTEGER,                                     -- accepted by the server
  sent_to TEXT,                                        -- address it went to
  returned_at INTEGER,                                 -- came back: refused, or by a bounce
  return_proved INTEGER NOT NULL DEFAULT 0,            -- that is sure: a server said so to us, or the bounce bears the letter's mark
  last_reply TEXT,                                     -- the server's words, cut
  reason TEXT,                                         -- why it failed or was cancelled
  created_at INTEGER NOT NULL,                         -- when queued
  UNIQUE (firm_id, id),
  UNIQUE (firm_id, letter_key),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, thread_id) REFERENCES threads(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id)
) STRICT;
CREATE INDEX outbox_returned ON outbox (firm_id, person_id, returned_at) WHERE returned_at IS NOT NULL;
CREATE INDEX outbox_by_inbox ON outbox (inbox_id) WHERE inbox_id IS NOT NULL;
CREATE INDEX outbox_due ON outbox (state, next_at) WHERE state IN ('QUEUED','SENDING');

-- The frozen bytes of a letter, so that a mail sent twice after a crash is one mail to any client.
CREATE TABLE outbox_bytes (
  outbox_id INTEGER PRIMARY KEY REFERENCES outbox(id), -- which letter
  bytes BLOB NOT NULL,                                 -- the mail as sent
  words TEXT NOT NULL,                                 -- what decided its words besides rights (JSON, outbound/deliver.rs)
  may_have_left INTEGER NOT NULL DEFAULT 0             -- 1: of one attempt nobody knows how it ended
) STRICT;

-- Addresses from which our mails come back, and whether anything is still sent there (outbound/undelivered.rs).
CREATE TABLE undelivered (
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- whose address
  address TEXT NOT NULL,                               -- which one, lower case
  points INTEGER NOT NULL,                             -- what the returned mails weigh
  first_at INTEGER NOT NULL,                           -- the first came back
  last_at INTEGER NOT NULL,                            -- the last came back
  suspended_at INTEGER,                                -- nothing is sent there since
  PRIMARY KEY (firm_id, person_id, address),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT, WITHOUT ROWID;

-- What the frozen bytes show, asked again before each attempt; and, once sent, the record of what went to whom.
CREATE TABLE disclosures (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  outbox_id INTEGER NOT NULL,                          -- by which letter
  kind TEXT NOT NULL,                                  -- of what (domain::Kind)
  item_id INTEGER NOT NULL,                            -- which one
  ability TEXT NOT NULL,                               -- what it took: view, download
  version_number INTEGER,                              -- documents: which version
  FOREIGN KEY (firm_id, outbox_id) REFERENCES outbox(firm_id, id)
) STRICT;
CREATE INDEX disclosures_by_outbox ON disclosures (outbox_id);
CREATE INDEX disclosures_by_item ON disclosures (firm_id, kind, item_id);

-- Questions to registered addresses that a code answers: "was this you?" (sender-proof.md 5.10), and whether content of
-- restricted matters is to be sent (mails.md d0).
CREATE TABLE challenges (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- who is asked
  asks TEXT,                                           -- what is to be sent (JSON: references); null: "was this you?"
  tries INTEGER NOT NULL DEFAULT 0,                    -- wrong codes so far
  created_at INTEGER NOT NULL,                         -- since
  expires_at INTEGER NOT NULL,                         -- until
  used_at INTEGER,                                     -- confirmed
  UNIQUE (firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id)
) STRICT;

-- Mails that a challenge would release.
CREATE TABLE challenge_mails (
  firm_id INTEGER NOT NULL,                            -- the firm
  challenge_id INTEGER NOT NULL,                       -- which question
  inbox_id INTEGER NOT NULL,                           -- which held mail
  signer TEXT,                                         -- d= that a confirmation binds (decisions.md 3)
  late INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0,1)), -- came after the question was written
  PRIMARY KEY (firm_id, challenge_id, inbox_id),
  FOREIGN KEY (firm_id, challenge_id) REFERENCES challenges(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id)
) STRICT, WITHOUT ROWID;

-- Changes of a login address, and further addresses, asked for and done (ACC-10 to ACC-14, decisions.md 4). The codes are made
-- from the row, so that none is stored.
CREATE TABLE address_changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,                -- row
  firm_id INTEGER NOT NULL,                            -- through which firm's gateway
  person_id INTEGER NOT NULL,                          -- about whom
  identity_id INTEGER NOT NULL REFERENCES identities(id), -- whose address
  kind TEXT NOT NULL CHECK (kind IN ('own','firm','further')), -- they move, the firm moves them, they get one more
  old_address TEXT NOT NULL,                           -- login address when it was asked for
  new_address TEXT NOT NULL,                           -- the one to come
  asked_by INTEGER,                                    -- user of the firm who asked (ACC-14)
  old_tries INTEGER NOT NULL DEFAULT 0,                -- wrong codes from the old address
  new_tries INTEGER NOT NULL DEFAULT 0,                -- wrong codes from the new one
  created_at INTEGER NOT NULL,                         -- since
  expires_at INTEGER NOT NULL,                         -- until
  old_confirmed_at INTEGER,                            -- the old address said yes
  new_confirmed_at INTEGER,                            -- the new one did
  done_at INTEGER,                                     -- it took effect
  ended_at INTEGER,                                    -- ended without: a no, too many wrong codes, a newer one
  UNIQUE (firm_id, id),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, asked_by) REFERENCES people(firm_id, id)
) STRICT;
CREATE INDEX address_changes_by_identity ON address_changes (identity_id);

-- Held mails from an address about which its owner was asked (decisions.md 4).
CREATE TABLE address_mails (
  firm_id INTEGER NOT NULL,                            -- the firm
  change_id INTEGER NOT NULL,                          -- which question
  inbox_id INTEGER NOT NULL,                           -- which held mail
  thread_id INTEGER NOT NULL,                          -- the reply address it came to
  PRIMARY KEY (firm_id, change_id, inbox_id),
  FOREIGN KEY (firm_id, change_id) REFERENCES address_changes(firm_id, id),
  FOREIGN KEY (firm_id, thread_id) REFERENCES threads(firm_id, id),
  FOREIGN KEY (firm_id, inbox_id) REFERENCES inbox(firm_id, id)
) STRICT, WITHOUT ROWID;

-- Digests that were made; a person's local date has one (F42, F43).
CREATE TABLE digests (
  firm_id INTEGER NOT NULL,                            -- the firm
  person_id INTEGER NOT NULL,                          -- for whom
  local_date TEXT NOT NULL,                            -- of which day in their zone
  since_at INTEGER NOT NULL,                           -- what is new begins here
  until_at INTEGER NOT NULL,                           -- and ends here
  outbox_id INTEGER,                                   -- the letter; none if there was nothing to say
  PRIMARY KEY (firm_id, person_id, local_date),
  FOREIGN KEY (firm_id, person_id) REFERENCES people(firm_id, id),
  FOREIGN KEY (firm_id, outbox_id) REFERENCES outbox(firm_id, id)
) STRICT, WITHOUT ROWID;

-- What happened, in order, each row bound to the one before.
CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,               -- order
  firm_id INTEGER REFERENCES firms(id),                -- the firm; none: the program itself
  at INTEGER NOT NULL,                                 -- when
  actor_id INTEGER,                                    -- who (a person); none: the program itself
  action TEXT NOT NULL,                                -- what: share, unshare, task.complete, refused …
  kind TEXT,                                           -- to what (domain::Kind)
  item_id INTEGER,                                     -- which one
  inbox_id INTEGER,                                    -- by which mail
  facts TEXT NOT NULL DEFAULT '{}',                    -- codes, ids, before and after; no bodies, no secrets (JSON)
  previous_hash TEXT NOT NULL,                         -- of the row before
  hash TEXT NOT NULL,                                  -- SHA-256 over all of it
  FOREIGN KEY (firm_id, actor_id) REFERENCES people(firm_id, id)
) STRICT;

-- Nothing of it is ever changed or taken out, not even by a purge (threats.md T90).
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit_log WHEN new.seq <= (SELECT max(seq) FROM audit_log)
  AND new.seq > 0 BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the audit is never cut'); END;

-- Words of the store about itself.
CREATE TABLE settings (
  name TEXT PRIMARY KEY,                               -- which
  value TEXT NOT NULL                                  -- what
) STRICT, WITHOUT ROWID;
