use super::*;

fn parse(text: &str) -> Result<ConnectionSettings, ConnectionError> {
    ConnectionSettings::parse(&Literal::read(text).map_err(ConnectionError::from)?)
}

fn fine(text: &str) -> ConnectionSettings {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn why(text: &str) -> String {
    match parse(text) {
        Ok(settings) => panic!("{text} was taken: {settings:?}"),
        Err(error) => error.message,
    }
}

const LOGIN: &str = "User Id=u;Password=p";

#[test]
fn servers_in_every_spelling() {
    let cases = [
        ("Server=db", "db", Some(1433), None),
        (
            "Data Source=tcp:db.example.net,1434",
            "db.example.net",
            Some(1434),
            None,
        ),
        ("Server=TCP: db , 1500 ", "db", Some(1500), None),
        ("Server=db\\sales", "db", None, Some("sales")),
        // A port leads to the instance already.
        ("Server=db\\sales,1500", "db", Some(1500), None),
        ("Server=db\\MSSQLSERVER", "db", Some(1433), None),
        ("Server=.", "localhost", Some(1433), None),
        ("Server=(local)\\x", "localhost", None, Some("x")),
        ("Server=::1,1500", "::1", Some(1500), None),
        ("Address=[::1]", "::1", Some(1433), None),
        ("sqlserver://db:1500", "db", Some(1500), None),
        ("jdbc:sqlserver://db\\sales", "db", None, Some("sales")),
        (
            "sqlserver://db;instanceName=sales",
            "db",
            None,
            Some("sales"),
        ),
        (
            "jdbc:sqlserver://;serverName=db;portNumber=1500",
            "db",
            Some(1500),
            None,
        ),
        ("sqlserver://[::1]:1500", "::1", Some(1500), None),
    ];
    for (text, host, port, instance) in cases {
        let settings = fine(&format!("{text};{LOGIN}"));
        assert_eq!(settings.host, host, "{text}");
        assert_eq!(settings.port, port, "{text}");
        assert_eq!(settings.instance.as_deref(), instance, "{text}");
    }
}

#[test]
fn urls_with_credentials_in_front() {
    let settings = fine("mssql://sa:p%40ss%3Bword@db:1500/main?encrypt=strict&applicationName=x");
    assert_eq!((settings.host.as_str(), settings.port), ("db", Some(1500)));
    assert_eq!(settings.database.as_deref(), Some("main"));
    assert_eq!(settings.encryption, Encryption::Strict);
    assert_eq!(settings.application_name, "x");
    match settings.authentication {
        Authentication::SqlPassword { user, password } => {
            assert_eq!((user.as_str(), password.expose()), ("sa", "p@ss;word"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn connections_are_encrypted_unless_the_string_says_otherwise() {
    let cases = [
        ("", Encryption::Mandatory),
        (";Encrypt=true", Encryption::Mandatory),
        (";Encrypt=Yes", Encryption::Mandatory),
        (";Encrypt=Mandatory", Encryption::Mandatory),
        (";Encrypt=Optional", Encryption::Optional),
        (";encrypt=FALSE", Encryption::Optional),
        (";Encrypt=Strict", Encryption::Strict),
        (";encrypt=DANGER_PLAINTEXT", Encryption::Plaintext),
    ];
    for (text, encryption) in cases {
        let settings = fine(&format!("Server=db;{LOGIN}{text}"));
        assert_eq!(settings.encryption, encryption, "{text}");
        assert!(!settings.trust_certificate, "{text}");
    }
    assert!(why(&format!("Server=db;{LOGIN};Encrypt=maybe")).contains("`Encrypt` must be"));
}

#[test]
fn every_form_of_authentication_is_itself_or_refused_by_name() {
    let kind = |text: &str| match fine(text).authentication {
        Authentication::SqlPassword { .. } => "password".to_owned(),
        Authentication::GivenToken(_) => "given".to_owned(),
        Authentication::Token(identity) => format!("{identity:?}"),
    };
    let azure = |form: &str| format!("Server=db;Authentication=Active Directory {form}");
    assert_eq!(
        kind("Server=db;UID=u;PWD=p;Authentication=Sql Password"),
        "password"
    );
    assert_eq!(kind("sqlserver://db;accessToken=eyJ0"), "given");
    assert_eq!(kind(&azure("Default")), "Default { client_id: None }");
    assert_eq!(
        kind(&format!("{};User Id=me", azure("Managed Identity"))),
        "Managed { client_id: Some(\"me\") }"
    );
    assert_eq!(
        kind("sqlserver://db;authentication=ActiveDirectoryMSI"),
        "Managed { client_id: None }"
    );
    assert_eq!(
        kind(&azure("Workload Identity")),
        "Workload { client_id: None }"
    );
    assert_eq!(
        kind(&format!("{};{LOGIN}", azure("Service Principal"))),
        "ServicePrincipal { client_id: \"u\", secret: <redacted> }"
    );
    for form in ["Interactive", "Device Code Flow", "Integrated", "Password"] {
        let refusal = why(&format!("{};{LOGIN}", azure(form)));
        assert!(
            refusal.contains(&format!("Active Directory {form}")),
            "{refusal}"
        );
    }
    let cases = [
        ("Server=db", "neither who logs in"),
        ("Server=db;User Id=u", "no password"),
        ("Server=db;Password=p", "no user"),
        ("Server=db;Integrated Security=SSPI", "Integrated Security"),
        ("Server=db;Trusted_Connection=yes", "Trusted_Connection"),
        (
            "sqlserver://db;integratedSecurity=true;user=u;password=p",
            "integratedSecurity",
        ),
        (
            "Server=db;User Id=u;Password=p;Authentication=Kerberos5",
            "`Authentication` must be",
        ),
        (
            "Server=db;Authentication=Active Directory Default;Password=p",
            "takes no password",
        ),
        ("sqlserver://db;accessToken=x;user=u", "accessToken"),
    ];
    for (text, part) in cases {
        let refusal = why(text);
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
}

#[test]
fn what_is_unknown_or_would_change_the_meaning_is_refused_by_name() {
    let cases = [
        ("Encryt=false", "`Encryt` is no keyword"),
        ("Failover Partner=other", "Failover Partner"),
        ("Network Library=dbnmpntw", "Network Library"),
        ("AttachDbFilename=x.mdf", "AttachDbFilename"),
        (
            "Column Encryption Setting=Enabled",
            "Column Encryption Setting",
        ),
        ("Connect Timeout=soon", "`Connect Timeout` must be a number"),
        (
            "Connect Timeout=1;Timeout=2",
            "`Connect Timeout` and `Timeout` mean the same",
        ),
        ("Database=a;Database=b", "given twice"),
        ("Packet Size=100", "between 512 and 32767"),
        ("TrustServerCertificate=1", "true or false"),
        (
            "Encrypt=Strict;TrustServerCertificate=true",
            "always verifies",
        ),
        (
            "TrustServerCertificate=true;TrustServerCertificateCA=ca.pem",
            "remove one",
        ),
        ("ApplicationIntent=Any", "ReadWrite or ReadOnly"),
    ];
    for (text, part) in cases {
        let refusal = why(&format!(
            "Server=db;User Id=u;Password=p;Pooling=true;{text}"
        ));
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
    for server in [
        "np:db",
        "(localdb)\\x",
        "db:1433",
        "db,none",
        "db,0",
        "\\\\.\\pipe\\x",
    ] {
        assert!(
            parse(&format!("Server={server};{LOGIN}")).is_err(),
            "{server}"
        );
    }
}

#[test]
fn the_rest_of_an_unquoted_password_is_not_shown() {
    let refusal = why("Server=db;User Id=u;Password=ab;hunter2=x;Encrypt=true");
    assert!(!refusal.contains("hunter2"), "{refusal}");
    assert!(refusal.contains("quoted"), "{refusal}");
}

#[test]
fn settings_of_pools_and_the_like_are_passed_over() {
    let settings = fine(
        "Server=tcp:db,1433;Initial Catalog=main;Persist Security Info=False;User ID=u;\
         Password=\"p;x\";MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;\
         Connection Timeout=45;Max Pool Size=3;Integrated Security=false;App=web;WSID=w;\
         ApplicationIntent=ReadOnly;MultiSubnetFailover=True;Packet Size=8000;Enlist=false",
    );
    assert_eq!(settings.connect_timeout, Duration::from_secs(45));
    assert_eq!(settings.application_name, "web");
    assert_eq!(settings.workstation.as_deref(), Some("w"));
    assert!(settings.read_only && settings.multi_subnet_failover);
    assert_eq!(settings.packet_size, Some(8000));
    let shown = format!("{settings:?}");
    assert!(!shown.contains("p;x"), "{shown}");
}

/// Every keyword that Microsoft documents for `SqlConnection.ConnectionString` (Microsoft.Data
/// .SqlClient) and for `SqlConnectionStringBuilder`, with a value that asks for nothing special.
const SQL_CLIENT: &[&str] = &[
    "Addr=db",
    "Address=db",
    "App=x",
    "Application Intent=ReadWrite",
    "ApplicationIntent=ReadWrite",
    "Application Name=x",
    "Asynchronous Processing=false",
    "AttachDBFilename=",
    "Attestation Protocol=None",
    "Authentication=Sql Password",
    "Column Encryption Setting=Disabled",
    "Command Timeout=30",
    "Connect Retry Count=1",
    "ConnectRetryCount=1",
    "Connect Retry Interval=10",
    "ConnectRetryInterval=10",
    "Connect Timeout=15",
    "Connection Lifetime=0",
    "Connection Reset=true",
    "Connection Timeout=15",
    "Context Connection=false",
    "Current Language=",
    "Data Source=db",
    "Database=main",
    "Enclave Attestation Url=",
    "Encrypt=Mandatory",
    "Enlist=true",
    "Extended Properties=",
    "Failover Partner=",
    "Failover Partner SPN=",
    "FailoverPartnerSPN=",
    "Host Name In Certificate=db",
    "HostNameInCertificate=db",
    "Initial Catalog=main",
    "Initial File Name=",
    "Integrated Security=false",
    "IP Address Preference=IPv4First",
    "IPAddressPreference=IPv4First",
    "Language=",
    "Load Balance Timeout=0",
    "Max Pool Size=100",
    "Min Pool Size=0",
    "Multiple Active Result Sets=false",
    "MultipleActiveResultSets=false",
    "Multi Subnet Failover=false",
    "MultiSubnetFailover=false",
    "Net=dbmssocn",
    "Network=dbmssocn",
    "Network Address=db",
    "Network Library=dbmssocn",
    "Packet Size=8000",
    "Password=p",
    "Persist Security Info=false",
    "PersistSecurityInfo=false",
    "Pool Blocking Period=Auto",
    "PoolBlockingPeriod=Auto",
    "Pooling=true",
    "PWD=p",
    "Replication=false",
    "Server=db",
    "Server Certificate=",
    "ServerCertificate=",
    "Server SPN=",
    "ServerSPN=",
    "Timeout=15",
    "Transaction Binding=Implicit Unbind",
    "Trust Server Certificate=false",
    "TrustServerCertificate=false",
    "Trusted_Connection=false",
    "Type System Version=Latest",
    "UID=u",
    "User=u",
    "User ID=u",
    "User Instance=false",
    "Workstation ID=w",
    "WSID=w",
];

#[test]
fn every_keyword_that_sql_client_documents_is_known() {
    for one in SQL_CLIENT {
        let (key, _) = one.split_once('=').expect("a key and its value");
        let means = |of: &str| keyword(&folded(of));
        let mut text = (*one).to_owned();
        for needed in ["Server=db", "User Id=u", "Password=p"] {
            let (other, _) = needed.split_once('=').expect("a key and its value");
            if means(other) != means(key) {
                text.push_str(&format!(";{needed}"));
            }
        }
        fine(&text);
    }
}

#[test]
fn keywords_of_the_jdbc_driver_and_of_prisma_are_known() {
    let settings = fine(
        "jdbc:sqlserver://db\\sales;databaseName=main;user=u;password={p;x};encrypt=true;\
         trustServerCertificate=false;loginTimeout=45;lockTimeout=5000;applicationName=web;\
         workstationID=w;sendStringParametersAsUnicode=true;prepareMethod=prepexec;\
         quotedIdentifier=ON;retryExec=;vectorTypeSupport=v1;iPAddressPreference=IPv4First;\
         useBulkCopyForBatchInsert=false;msiTokenCacheTtl=;columnEncryptionSetting=Disabled",
    );
    assert_eq!(settings.connect_timeout, Duration::from_secs(45));
    assert_eq!(settings.lock_timeout, Some(Duration::from_secs(5)));
    assert_eq!(settings.instance.as_deref(), Some("sales"));
    let settings = fine(
        "sqlserver://db:1500;database=main;user=u;password=p;encrypt=DANGER_PLAINTEXT;\
         schema=dbo;connectionLimit=5;poolTimeout=10;socketTimeout=30;isolationLevel=READ COMMITTED",
    );
    assert_eq!(
        (settings.port, settings.encryption),
        (Some(1500), Encryption::Plaintext)
    );
    for (text, part) in [
        ("quotedIdentifier=OFF", "quotedIdentifier"),
        ("accessTokenCallbackClass=com.example.Tokens", "Java"),
        ("isolationLevel=SNAPSHOT", "isolationLevel"),
    ] {
        let refusal = why(&format!("jdbc:sqlserver://db;user=u;password=p;{text}"));
        assert!(refusal.contains(part), "{text}: {refusal}");
    }
}
