// The secret contract of environment {{environment}}: an Azure SQL server that knows Entra
// identities only, a database, a Key Vault that holds the connection string as
// {{secret}}, and a managed identity that may read it.
//
// Incremental deployment: safe to run twice. No password exists anywhere in it.
//   az deployment group create --resource-group GROUP --template-file FILE \
//     --parameters administratorName=NAME administratorObjectId=OBJECT-ID
// A template cannot create a database user. Afterwards run, as the administrator, from an address
// that the server lets in (az sql server firewall-rule create):
//   dbtool provision --env {{environment}} --as sql > user.sql
//   sqlcmd -S SERVER.database.windows.net -d DATABASE -G -v identity=IDENTITY -i user.sql

targetScope = 'resourceGroup'

@description('A short name that the other names are made of.')
@minLength(2)
@maxLength(12)
param workload string = 'dbtool'

@description('Where everything is created.')
param location string = resourceGroup().location

@description('The Entra user or group that administers the server.')
param administratorName string

@description('The object id of that user or group.')
param administratorObjectId string

@description('What the administrator is.')
@allowed(['User', 'Group', 'Application'])
param administratorType string = 'Group'

@description('The server; its name is unique in all of Azure.')
param serverName string = 'sql-${workload}-${uniqueString(resourceGroup().id)}'

@description('The database.')
param databaseName string = workload

@description('The size of the database: serverless, asleep when nobody asks.')
param databaseSku string = 'GP_S_Gen5_1'

@description('The vault; 3 to 24 letters, digits and hyphens, unique in all of Azure.')
@minLength(3)
@maxLength(24)
param vaultName string = {{vault}}

@description('The identity of the application and of its migrations.')
param identityName string = 'id-${workload}-{{environment}}'

@description('Whether services inside Azure may reach the server. Use a private endpoint instead where there is one.')
param allowAzureServices bool = false

// Key Vault Secrets User: reads the values of secrets, and nothing else.
var secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: identityName
  location: location
}

resource server 'Microsoft.Sql/servers@2025-01-01' = {
  name: serverName
  location: location
  properties: {
    minimalTlsVersion: '1.2'
    // Read when the server is created; later, another administrator is set with
    // az sql server ad-admin update.
    administrators: {
      administratorType: 'ActiveDirectory'
      // No SQL logins: there is no password that could leak.
      azureADOnlyAuthentication: true
      login: administratorName
      principalType: administratorType
      sid: administratorObjectId
      tenantId: subscription().tenantId
    }
  }
}

// This address range stands for services inside Azure, of any tenant.
resource azureServices 'Microsoft.Sql/servers/firewallRules@2025-01-01' = if (allowAzureServices) {
  parent: server
  name: 'AllowAllWindowsAzureIps'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
}

resource database 'Microsoft.Sql/servers/databases@2025-01-01' = {
  parent: server
  name: databaseName
  location: location
  sku: {
    name: databaseSku
  }
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: vaultName
  location: location
  properties: {
    tenantId: subscription().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    // Rights by role assignments, not by access policies.
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
  }
}

// It names server, database and identity, and holds no credentials. Each deployment stores it
// again, as a new version of the same text.
resource connection 'Microsoft.KeyVault/vaults/secrets@2026-02-01' = {
  parent: vault
  name: '{{secret}}'
  properties: {
    contentType: 'ADO.NET connection string'
    value: 'Server=tcp:${server.properties.fullyQualifiedDomainName},1433;Database=${databaseName};Authentication=Active Directory Managed Identity;User Id=${identity.properties.clientId};Encrypt=Mandatory'
  }
}

// On this one secret, not on the vault.
resource mayRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(connection.id, identity.id, secretsUser)
  scope: connection
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', secretsUser)
  }
}

output serverAddress string = server.properties.fullyQualifiedDomainName
output AZURE_KEY_VAULT_NAME string = vault.name
output AZURE_CLIENT_ID string = identity.properties.clientId
output identityName string = identity.name
