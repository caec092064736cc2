use std::{fmt::Debug, sync::LazyLock};

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::{
    api::{
        ClientInfo, METADATA_USER, PgWireConnectionState, PidSecretKeyGenerator, RandomPidSecretKeyGenerator,
        auth::{
            DefaultServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation,
            save_startup_parameters_to_metadata,
        },
    },
    error::{PgWireError, PgWireResult},
    messages::{PgWireBackendMessage, PgWireFrontendMessage, startup::Authentication},
};
use steppe_engine::sql::SqlProtocol;

use super::connection::{Client, Connection, fatal};
use crate::{ServerError, audit::Outcome, identity::token::TokenRefusal};

/// The version that clients are told, which decides on how they ask for catalogues. They parse the number.
const VERSION: &str = concat!("16.6 (Steppe ", env!("CARGO_PKG_VERSION"), ")");
/// What connecting is in the audit log.
const ACTION: &str = "sql_connect";

/// Numbers and secrets of connections.
static NUMBERS: LazyLock<RandomPidSecretKeyGenerator> = LazyLock::new(RandomPidSecretKeyGenerator::default);

#[async_trait]
impl StartupHandler for Client {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(ref startup)
                if matches!(client.state(), PgWireConnectionState::AwaitingStartup) =>
            {
                // Before anybody sends a token over it.
                if self.0.shared.tls.is_some() && !client.is_secure() {
                    return Err(fatal(&ServerError::PlaintextClient));
                }
                protocol_negotiation(client, startup).await?;
                save_startup_parameters_to_metadata(client, startup);
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                let ask = PgWireBackendMessage::Authentication(Authentication::CleartextPassword);
                Ok(client.send(ask).await?)
            }
            PgWireFrontendMessage::PasswordMessageFamily(password)
                if matches!(client.state(), PgWireConnectionState::AuthenticationInProgress) =>
            {
                let password = password.into_password()?.password;
                let name = client.metadata().get(METADATA_USER).cloned().unwrap_or_default();
                self.0.let_in(&name, &password).await.map_err(|error| fatal(&error))?;
                let (number, secret) = NUMBERS.generate(client);
                // The only one: a second startup has no state to come in.
                let _ = self.0.registration.set(self.0.shared.cancels.register(number, &secret, &self.0));
                client.set_pid_and_secret_key(number, secret);
                finish_authentication(client, &parameters()).await
            }
            _ => {
                let unexpected = "the message does not belong here; begin with a startup message";
                Err(PgWireError::ApiError(unexpected.into()))
            }
        }
    }
}

impl Connection {
    /// Opens a session for whoever shows this token under this name.
    async fn let_in(&self, name: &str, token: &str) -> Result<(), ServerError> {
        let missing = ServerError::Token { refusal: TokenRefusal::Missing };
        let token = if token.is_empty() { Err(missing) } else { Ok(token) };
        let door = &self.shared.door;
        let user = door.admit_as(name, token, SqlProtocol::Postgres, ACTION).await?;
        let (subject, protocol) = (user.subject.clone(), user.protocol.name());
        let session = match self.shared.statements.session(user).await {
            Ok(session) => session,
            Err(error) => {
                door.record(&subject, ACTION, protocol, Outcome::Deny, &error.to_string()).await?;
                return Err(error);
            }
        };
        door.record(&subject, ACTION, protocol, Outcome::Allow, "").await?;
        self.open(session);
        Ok(())
    }
}

fn parameters() -> DefaultServerParameterProvider {
    let mut parameters = DefaultServerParameterProvider::default();
    VERSION.clone_into(&mut parameters.server_version);
    parameters.is_superuser = false;
    parameters.default_transaction_read_only = true;
    "ISO, MDY".clone_into(&mut parameters.date_style);
    "UTC".clone_into(&mut parameters.time_zone);
    parameters
}
