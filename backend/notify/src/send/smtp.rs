//! One e-mail to one recipient over one connection.
//!
//! `lettre`'s connection, step by step, rather than its transport: until the dot after the message
//! it is certain that the server has taken nothing, from there on it is not known until it answers,
//! and its transport tells both as the same error. No pool: a connection that was kept may be dead,
//! which is seen only after the message has gone.

use std::time::{Duration, UNIX_EPOCH};

use egret_shared::chain::chain;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message as Email};
use tokio::time::timeout;

use super::{Content, Failure, Letter, Outcome, Secret};
use crate::config::TlsMode;
use crate::error::said;
use crate::limits::{CONNECT_TIMEOUT, SMTP_TIMEOUT};
use crate::message::Message;

/// How long the farewell may take: the message is there already.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// A user at the mail server.
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) password: Secret,
}

/// Sends by one mail server.
pub(crate) struct SmtpSender {
    host: String,
    port: u16,
    mode: TlsMode,
    tls: TlsParameters,
    account: Option<Account>,
    from: Mailbox,
    hello: ClientId,
}

impl SmtpSender {
    /// A sender that trusts the system's authorities and that of `ca`, which is PEM.
    ///
    /// # Errors
    /// What is wrong with `ca`, or that there is no TLS.
    pub(crate) fn new(
        host: String,
        port: u16,
        mode: TlsMode,
        account: Option<Account>,
        from: Mailbox,
        ca: Option<&[u8]>,
    ) -> Result<Self, String> {
        let mut tls = TlsParameters::builder(host.clone());
        if let Some(pem) = ca {
            let certificate = Certificate::from_pem(pem).map_err(|error| chain(&error))?;
            tls = tls.add_root_certificate(certificate);
        }
        let tls = tls
            .build_rustls()
            .map_err(|error| format!("no TLS: {}", chain(&error)))?;
        Ok(Self {
            hello: ClientId::Domain(from.email.domain().to_owned()),
            host,
            port,
            mode,
            tls,
            account,
            from,
        })
    }

    pub(crate) fn place(&self) -> String {
        format!("smtp://{}:{}", self.host, self.port)
    }

    pub(crate) async fn send(&self, letter: &Letter) -> Outcome {
        let (to, bytes) = match self.write(letter) {
            Ok(written) => written,
            Err(why) => return Outcome::Never(format!("it cannot be written: {why}")),
        };
        let mut connection = match timeout(SMTP_TIMEOUT, self.connect()).await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Outcome::NotTaken(Failure::channel(self.told(&error))),
            Err(_) => return Outcome::NotTaken(Failure::channel(self.too_long("connecting"))),
        };
        match timeout(SMTP_TIMEOUT, self.envelope(&mut connection, to)).await {
            Ok(Ok(())) => {}
            Ok(Err(outcome)) => return outcome,
            Err(_) => return Outcome::NotTaken(Failure::channel(self.too_long("the envelope"))),
        }
        let outcome = match timeout(SMTP_TIMEOUT, connection.message(&bytes)).await {
            Ok(Ok(_)) => Outcome::Sent,
            Ok(Err(error)) if error.is_permanent() => Outcome::Never(self.told(&error)),
            Ok(Err(error)) if error.is_transient() => {
                Outcome::NotTaken(Failure::recipient(self.told(&error)))
            }
            Ok(Err(error)) => Outcome::Unknown(Failure::channel(self.told(&error))),
            Err(_) => Outcome::Unknown(Failure::channel(self.too_long("its answer"))),
        };
        if outcome == Outcome::Sent {
            // Whether the server says goodbye changes nothing.
            drop(timeout(QUIT_TIMEOUT, connection.quit()).await);
        }
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let server = (self.host.as_str(), self.port);
        let wrapped = (self.mode == TlsMode::Tls).then(|| self.tls.clone());
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(CONNECT_TIMEOUT),
            &self.hello,
            wrapped,
            None,
        )
        .await?;
        if self.mode == TlsMode::Starttls {
            connection.starttls(self.tls.clone(), &self.hello).await?;
        }
        if let Some(account) = &self.account {
            let credentials =
                Credentials::new(account.user.clone(), account.password.text().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &credentials).await?;
        }
        Ok(connection)
    }

    /// From whom and to whom, until the server wants the message.
    async fn envelope(
        &self,
        connection: &mut AsyncSmtpConnection,
        to: Address,
    ) -> Result<(), Outcome> {
        let sender = Mail::new(Some(self.from.email.clone()), Vec::new());
        // What it does not take from this sender, it takes for no recipient.
        let refused = |error: &Error| Outcome::NotTaken(Failure::channel(self.told(error)));
        connection
            .command(sender)
            .await
            .map_err(|error| refused(&error))?;
        let judged = |error: &Error| {
            if error.is_permanent() {
                Outcome::Never(self.told(error))
            } else if error.is_transient() {
                Outcome::NotTaken(Failure::recipient(self.told(error)))
            } else {
                refused(error)
            }
        };
        let recipient = Rcpt::new(to, Vec::new());
        connection
            .command(recipient)
            .await
            .map_err(|error| judged(&error))?;
        connection
            .command(Data)
            .await
            .map_err(|error| judged(&error))?;
        Ok(())
    }

    /// The message with its headers, and whom it goes to.
    fn write(&self, letter: &Letter) -> Result<(Address, Vec<u8>), String> {
        let message = Message::of(letter);
        let to: Address = letter
            .recipient
            .parse()
            .map_err(|error: lettre::address::AddressError| error.to_string())?;
        let domain = self.from.email.domain();
        let at = u64::try_from(letter.now.0).unwrap_or(0);
        let mut email = Email::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(message.subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(at))
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Content::Notice(notice) = &letter.content {
            if let Some(incident) = &notice.incident {
                // Mail programs show what belongs to one incident as one conversation.
                let thread: String = incident
                    .as_str()
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect();
                email = email.references(format!("<incident-{thread}@{domain}>"));
            }
            email = email.raw_header(header("X-Egret-Key", &ascii(&notice.key)));
        }
        if letter.maybe_repeated {
            email = email.raw_header(header("X-Egret-Maybe-Repeated", "1"));
        }
        let parts = MultiPart::alternative_plain_html(message.plain(), message.html());
        let email = email.multipart(parts).map_err(|error| error.to_string())?;
        Ok((to, email.formatted()))
    }

    fn told(&self, error: &Error) -> String {
        said(&format!("{}: {}", self.place(), chain(error)))
    }

    fn too_long(&self, what: &str) -> String {
        format!(
            "{}: {what} takes longer than {} s",
            self.place(),
            SMTP_TIMEOUT.as_secs()
        )
    }
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// What may stand in a header as it is.
fn ascii(text: &str) -> String {
    let is_good = |char: char| char.is_ascii_graphic();
    text.chars()
        .map(|char| if is_good(char) { char } else { '_' })
        .collect()
}
