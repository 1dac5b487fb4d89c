# What `terraform apply` leaves behind in the catalogs of two accounts, made by the same calls on the embedded lake: the
# resources that docs/coming-from.md lists. Sourced by that document.
#   made_by_terraform first     as most people write it
#   made_by_terraform prepared  with the three additions that leave the operator nothing to write
lake() {
  datamesh lake "$1" "$2" --as "arn:aws:iam::$3:role/Admin" --region eu-west-1 --input "$4"
}

# aws_lakeformation_data_lake_settings
data_lake_settings() {
  lake lakeformation PutDataLakeSettings "$1" "{\"DataLakeSettings\": {
    \"DataLakeAdmins\": [
      {\"DataLakePrincipalIdentifier\": \"arn:aws:iam::$1:role/Admin\"},
      {\"DataLakePrincipalIdentifier\": \"arn:aws:iam::$1:role/datamesh-operator\"}],
    \"CreateDatabaseDefaultPermissions\": [], \"CreateTableDefaultPermissions\": [],
    \"Parameters\": {\"CROSS_ACCOUNT_VERSION\": \"4\"}}}"
}

# aws_lakeformation_permissions: catalog, principal, resource, permissions, permissions with grant option
permissions() {
  lake lakeformation GrantPermissions "$1" "{\"Principal\": {\"DataLakePrincipalIdentifier\": \"$2\"}, \"Resource\": $3,
    \"Permissions\": $4, \"PermissionsWithGrantOption\": $5}"
}

# aws_glue_catalog_database: operation, more parameters
database() {
  lake glue "$1" 111122223333 "{$2 \"DatabaseInput\": {\"Name\": \"sales\", \"Description\": \"What customers ordered.\",
    \"LocationUri\": \"s3://acme-sales/orders\", \"Parameters\": {$3}}}"
}

# aws_glue_catalog_table: operation, more parameters
table() {
  local hive=org.apache.hadoop.hive.ql.io.parquet
  lake glue "$1" 111122223333 "{\"DatabaseName\": \"sales\", \"TableInput\": {\"Name\": \"orders\",
    \"Description\": \"One row an order.\", \"Owner\": \"sales-data\", \"TableType\": \"EXTERNAL_TABLE\",
    \"Parameters\": {\"EXTERNAL\": \"TRUE\"$2}, \"PartitionKeys\": [{\"Name\": \"day\", \"Type\": \"string\"}],
    \"StorageDescriptor\": {\"Location\": \"s3://acme-sales/orders\",
      \"InputFormat\": \"$hive.MapredParquetInputFormat\", \"OutputFormat\": \"$hive.MapredParquetOutputFormat\",
      \"SerdeInfo\": {\"SerializationLibrary\": \"$hive.serde.ParquetHiveSerDe\"},
      \"Columns\": [{\"Name\": \"order_id\", \"Type\": \"bigint\"},
        {\"Name\": \"customer\", \"Type\": \"string\", \"Comment\": \"Personal\"},
        {\"Name\": \"amount\", \"Type\": \"decimal(12,2)\"}]}}}"
}

# aws_ram_resource_share_accepter
accept_shares() {
  local invitation
  for invitation in $(lake ram GetResourceShareInvitations "$1" '{}' |
      sed -n 's/.*"resourceShareInvitationArn": "\(.*\)".*/\1/p'); do
    lake ram AcceptResourceShareInvitation "$1" "{\"resourceShareInvitationArn\": \"$invitation\"}"
  done
}

made_by_terraform() {
  local analyst=arn:aws:iam::444455556666:role/Analyst
  local mark='"datamesh.dev/product": "sales/orders"'
  if [ "$1" = prepared ]; then
    database UpdateDatabase '"Name": "sales",' "$mark"
    table UpdateTable ", $mark"
    permissions 444455556666 "$analyst" '{"Database": {"CatalogId": "111122223333", "Name": "sales"}}' '["DESCRIBE"]' '[]'
    return
  fi
  data_lake_settings 111122223333
  data_lake_settings 444455556666
  # aws_lakeformation_resource
  lake lakeformation RegisterResource 111122223333 '{"ResourceArn": "arn:aws:s3:::acme-sales/orders",
    "RoleArn": "arn:aws:iam::111122223333:role/datamesh-location"}'
  database CreateDatabase "" ""
  table CreateTable ""
  permissions 111122223333 444455556666 '{"Database": {"Name": "sales"}}' '["DESCRIBE"]' '["DESCRIBE"]'
  permissions 111122223333 444455556666 '{"Table": {"DatabaseName": "sales", "Name": "orders"}}' \
    '["SELECT", "DESCRIBE"]' '["SELECT", "DESCRIBE"]'
  accept_shares 444455556666
  # aws_glue_catalog_database with a target_database
  lake glue CreateDatabase 444455556666 '{"DatabaseInput": {"Name": "sales_orders",
    "TargetDatabase": {"CatalogId": "111122223333", "DatabaseName": "sales"}}}'
  permissions 444455556666 "$analyst" '{"Database": {"Name": "sales_orders"}}' '["DESCRIBE"]' '[]'
  permissions 444455556666 "$analyst" '{"TableWithColumns": {"CatalogId": "111122223333", "DatabaseName": "sales",
    "Name": "orders", "ColumnNames": ["order_id", "amount", "day"]}}' '["SELECT"]' '[]'
}
