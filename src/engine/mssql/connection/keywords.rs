//! The keywords of connection strings: what dbtool honours, what it may pass over, and what it
//! refuses because passing over it would connect to something else than was asked for.
//!
//! From the documentation of Microsoft.Data.SqlClient, the JDBC driver, Prisma and tiberius. Keys
//! are written folded: lower case, without blanks, `_` and `-`.

/// What a keyword means here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Server,
    Port,
    Instance,
    Database,
    User,
    Password,
    AccessToken,
    Authentication,
    Encrypt,
    TrustCertificate,
    CertificateAuthority,
    CertificateHost,
    ConnectTimeout,
    LockTimeout,
    ApplicationName,
    Workstation,
    Intent,
    MultiSubnet,
    PacketSize,
    /// Steers something that dbtool does not have (a pool, cursors) or does its own way (retries).
    PassedOver,
    /// Fine with one of these values, which say what holds anyway; refused with any other, with
    /// this reason.
    Only(&'static [&'static str], &'static str),
}

use Keyword::{Only, PassedOver};

const WINDOWS: &str = "dbtool has no Windows authentication; use SQL authentication or one of the \
                       Active Directory forms that work without a person";
const NO: &[&str] = &["false", "no", ""];

/// The meaning of a folded key; `None` for one that no driver documents.
pub(super) fn keyword(folded: &str) -> Option<Keyword> {
    Some(match folded {
        "server" | "datasource" | "address" | "addr" | "networkaddress" | "servername" | "host" => {
            Keyword::Server
        }
        "port" | "portnumber" => Keyword::Port,
        "instance" | "instancename" => Keyword::Instance,
        "database" | "initialcatalog" | "databasename" => Keyword::Database,
        "user" | "userid" | "uid" | "username" => Keyword::User,
        "password" | "pwd" => Keyword::Password,
        "accesstoken" => Keyword::AccessToken,
        "authentication" => Keyword::Authentication,
        "encrypt" => Keyword::Encrypt,
        "trustservercertificate" => Keyword::TrustCertificate,
        "trustservercertificateca" => Keyword::CertificateAuthority,
        "hostnameincertificate" => Keyword::CertificateHost,
        "connecttimeout" | "connectiontimeout" | "timeout" | "logintimeout" => {
            Keyword::ConnectTimeout
        }
        "locktimeout" => Keyword::LockTimeout,
        "applicationname" | "app" => Keyword::ApplicationName,
        "workstationid" | "wsid" => Keyword::Workstation,
        "applicationintent" => Keyword::Intent,
        "multisubnetfailover" => Keyword::MultiSubnet,
        "packetsize" => Keyword::PacketSize,

        // Pools, retries and memory of the client.
        "pooling"
        | "maxpoolsize"
        | "minpoolsize"
        | "connectionlifetime"
        | "loadbalancetimeout"
        | "poolblockingperiod"
        | "connectionreset"
        | "connectionlimit"
        | "pooltimeout"
        | "maxidleconnectionlifetime"
        | "maxconnectionlifetime"
        | "enlist"
        | "persistsecurityinfo"
        | "connectretrycount"
        | "connectretryinterval"
        | "ipaddresspreference"
        | "transparentnetworkipresolution"
        | "typesystemversion"
        | "transactionbinding"
        | "asynchronousprocessing"
        | "async"
        | "replication"
        // dbtool never uses two result sets at once, and has its own time limits.
        | "multipleactiveresultsets"
        | "commandtimeout"
        | "querytimeout"
        | "sockettimeout"
        | "cancelquerytimeout"
        // How the JDBC driver sends statements and reads answers.
        | "sendstringparametersasunicode"
        | "sendtimeasdatetime"
        | "sendtemporaldatatypesasstringforbulkcopy"
        | "responsebuffering"
        | "selectmethod"
        | "disablestatementpooling"
        | "statementpoolingcachesize"
        | "enableprepareonfirstpreparedstatementcall"
        | "serverpreparedstatementdiscardthreshold"
        | "lastupdatecount"
        | "xopenstates"
        | "delayloadinglobs"
        | "usefmtonly"
        | "usebulkcopyforbatchinsert"
        | "calcbigdecimalprecision"
        | "bulkcopyforbatchinsertbatchsize"
        | "bulkcopyforbatchinsertcheckconstraints"
        | "bulkcopyforbatchinsertfiretriggers"
        | "bulkcopyforbatchinsertkeepidentity"
        | "bulkcopyforbatchinsertkeepnulls"
        | "bulkcopyforbatchinserttablelock"
        | "bulkcopyforbatchinsertallowencryptedvaluemodifications"
        | "cachebulkcopymetadata"
        | "datetimeparametertype"
        | "ignoreoffsetondatetimeoffsetconversion"
        | "maxresultbuffer"
        | "preparemethod"
        | "retryconn"
        | "retryexec"
        | "vectortypesupport"
        | "msitokencachettl"
        | "servernameasace"
        // The schema that an application works in; dbtool.yaml names the one of the migrations.
        | "schema" => PassedOver,

        "integratedsecurity" | "trustedconnection" => Only(NO, WINDOWS),
        "authenticationscheme" => Only(&["nativeauthentication"], WINDOWS),
        "domain" | "realm" | "realmname" | "serverspn" | "failoverpartnerspn"
        | "gsscredential" | "jaasconfigurationname" | "usedefaultgsscredential" => {
            Only(&[""], WINDOWS)
        }
        "networklibrary" | "network" | "net" => {
            Only(&["dbmssocn", "tcp", "tcpip"], "dbtool speaks TCP only")
        }
        "quotedidentifier" | "concatnullyieldsnull" => Only(
            &["on", "true", "yes", ""],
            "indexes with filters and computed columns need it on",
        ),
        "accesstokencallbackclass" => Only(&[""], "dbtool loads no Java classes"),
        "fipsprovider" => Only(&[""], "the TLS library of this build is not a FIPS module"),
        "keyvaultproviderclientid" | "keyvaultproviderclientkey" => {
            Only(&[""], "dbtool has no keys for encrypted columns")
        }
        "usedefaultjaasconfig" => Only(NO, WINDOWS),
        "failoverpartner" => Only(
            &[""],
            "database mirroring is not supported; name the listener of the availability group, or \
             the present principal, as the server",
        ),
        "attachdbfilename" | "initialfilename" | "extendedproperties" => {
            Only(&[""], "dbtool attaches no database files; name the database")
        }
        "userinstance" => Only(NO, "user instances are gone from SQL Server; name the server"),
        "contextconnection" => Only(NO, "dbtool runs outside of the server"),
        "columnencryptionsetting" => Only(
            &["disabled", ""],
            "dbtool has no keys for encrypted columns; it needs none to change a schema",
        ),
        "enclaveattestationurl" | "enclaveattestationprotocol" | "attestationprotocol" => {
            Only(&["", "none"], "dbtool has no keys for encrypted columns")
        }
        "currentlanguage" | "language" => Only(
            &["", "us_english", "english"],
            "dbtool relies on the meaning of dates in us_english",
        ),
        "isolationlevel" | "transactionisolationlevel" => Only(
            &["read committed", "readcommitted", "read_committed", ""],
            "migrations run with the isolation level of the database",
        ),
        "servercertificate" => Only(
            &[""],
            "pinning one certificate is not supported; trust its authority with \
             TrustServerCertificateCA=PATH",
        ),
        "clientcertificate" | "clientkey" | "clientkeypassword" | "keystoreauthentication"
        | "keystorelocation" | "keystoresecret" | "keystoreprincipalid" => {
            Only(&[""], "client certificates are not supported")
        }
        "truststore" | "truststorepassword" | "truststoretype" | "trustmanagerclass"
        | "trustmanagerconstructorarg" | "socketfactoryclass" | "socketfactoryconstructorarg" => {
            Only(
                &[""],
                "Java key stores are not read; trust an authority with \
                 TrustServerCertificateCA=PATH",
            )
        }
        "sslprotocol" => Only(
            &["tls", "tlsv1.2", "tlsv1.3", ""],
            "versions of TLS below 1.2 are not spoken",
        ),
        "fips" => Only(NO, "the TLS library of this build is not a FIPS module"),
        "msiclientid" => Only(&[""], "write the client id as the user"),
        "aadsecureprincipalid" | "aadsecureprincipalsecret" => {
            Only(&[""], "write the client id as the user and its secret as the password")
        }
        _ => return None,
    })
}

/// How people write the keyword, for messages.
pub(super) fn name(keyword: Keyword) -> &'static str {
    match keyword {
        Keyword::Server => "Server",
        Keyword::Port => "port",
        Keyword::Instance => "instanceName",
        Keyword::Database => "Database",
        Keyword::User => "User Id",
        Keyword::Password => "Password",
        Keyword::AccessToken => "accessToken",
        Keyword::Authentication => "Authentication",
        Keyword::Encrypt => "Encrypt",
        Keyword::TrustCertificate => "TrustServerCertificate",
        Keyword::CertificateAuthority => "TrustServerCertificateCA",
        Keyword::CertificateHost => "HostNameInCertificate",
        Keyword::ConnectTimeout => "Connect Timeout",
        Keyword::LockTimeout => "lockTimeout",
        Keyword::ApplicationName => "Application Name",
        Keyword::Workstation => "Workstation ID",
        Keyword::Intent => "ApplicationIntent",
        Keyword::MultiSubnet => "MultiSubnetFailover",
        Keyword::PacketSize => "Packet Size",
        PassedOver | Only(..) => "keyword",
    }
}

#[cfg(test)]
mod tests {
    use super::keyword;

    /// What the documentation of Microsoft.Data.SqlClient lists, aliases included.
    const DOCUMENTED: &str = "addr, address, app, application intent, application name, \
        attachdbfilename, attestation protocol, authentication, column encryption setting, \
        command timeout, connect retry count, connect retry interval, connect timeout, connection \
        lifetime, connection reset, connection timeout, context connection, current language, data \
        source, database, enclave attestation url, encrypt, enlist, extended properties, failover \
        partner, failover partner spn, host name in certificate, initial catalog, initial file \
        name, integrated security, ip address preference, language, load balance timeout, max pool \
        size, min pool size, multi subnet failover, multiple active result sets, net, network, \
        network address, network library, packet size, password, persist security info, pool \
        blocking period, pooling, pwd, replication, server, server certificate, server spn, \
        timeout, transaction binding, transparent network ip resolution, trust server certificate, \
        trusted_connection, type system version, uid, user, user id, user instance, workstation \
        id, wsid";

    #[test]
    fn every_documented_keyword_is_known() {
        let unknown: Vec<&str> = DOCUMENTED
            .split(',')
            .map(str::trim)
            .filter(|key| keyword(&key.replace([' ', '_'], "")).is_none())
            .collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
