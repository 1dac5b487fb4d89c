// The structures of the service models of Glue, Lake Formation and RAM that requests are made of.
// Source: lake-formation.md 1.3 to 1.5
#include <map>
#include <stdexcept>

#include "controller/embedded/lake_input.h"

namespace datamesh::embedded::lake {
namespace {

struct NamedShape {
  const char* name;
  const char* shape;
};

constexpr NamedShape kShapes[] = {
    // SQS
    {"SendMessageBatchRequestEntry",
     "Id*:s MessageBody*:s1-1048576 DelaySeconds:i0-900 MessageAttributes:j MessageSystemAttributes:j "
     "MessageDeduplicationId:s MessageGroupId:s"},
    {"DeleteMessageBatchRequestEntry", "Id*:s ReceiptHandle*:s"},
    // Glue
    {"PrincipalPermissions", "Principal:@Principal Permissions:[s]"},
    {"Principal", "DataLakePrincipalIdentifier:s1-255"},
    {"DatabaseIdentifier", "CatalogId:s1-255 DatabaseName:s1-255 Region:s1-255"},
    {"TableIdentifier", "CatalogId:s1-255 DatabaseName:s1-255 Name:s1-255 Region:s1-255"},
    {"FederatedDatabase", "Identifier:s1-512 ConnectionName:s1-255 ConnectionType:s1-255"},
    {"DatabaseInput",
     "Name*:s1-255 Description:s0-2048 LocationUri:s1-1024 Parameters:m "
     "CreateTableDefaultPermissions:[@PrincipalPermissions] TargetDatabase:@DatabaseIdentifier "
     "FederatedDatabase:@FederatedDatabase"},
    {"Column", "Name*:s1-255 Type:s0-131072 Comment:s0-255 Parameters:m"},
    {"Order", "Column*:s1-255 SortOrder*:i0-1"},
    {"SerDeInfo", "Name:s1-255 SerializationLibrary:s1-255 Parameters:m"},
    {"SkewedInfo", "SkewedColumnNames:[s] SkewedColumnValues:[s] SkewedColumnValueLocationMaps:m"},
    {"SchemaId", "SchemaArn:s SchemaName:s RegistryName:s"},
    {"SchemaReference", "SchemaId:@SchemaId SchemaVersionId:s SchemaVersionNumber:i1-100000"},
    {"StorageDescriptor",
     "Columns:[@Column] Location:s0-2056 AdditionalLocations:[s] InputFormat:s0-128 OutputFormat:s0-128 "
     "Compressed:b NumberOfBuckets:i SerdeInfo:@SerDeInfo BucketColumns:[s] SortColumns:[@Order] Parameters:m "
     "SkewedInfo:@SkewedInfo StoredAsSubDirectories:b SchemaReference:@SchemaReference"},
    {"TableInput",
     "Name*:s1-255 Description:s0-2048 Owner:s0-255 LastAccessTime:n LastAnalyzedTime:n Retention:i0-2147483647 "
     "StorageDescriptor:@StorageDescriptor PartitionKeys:[@Column] ViewOriginalText:s0-409600 "
     "ViewExpandedText:s0-409600 TableType:s0-255 Parameters:m TargetTable:@TableIdentifier ViewDefinition:j"},
    {"PartitionInput",
     "Values:[s] LastAccessTime:n StorageDescriptor:@StorageDescriptor Parameters:m LastAnalyzedTime:n"},
    {"PartitionValueList", "Values*:[s]"},
    {"Segment", "SegmentNumber*:i0-9 TotalSegments*:i1-10"},
    {"PropertyPredicate",
     "Key:s Value:s Comparator:e(EQUALS|GREATER_THAN|LESS_THAN|GREATER_THAN_EQUALS|LESS_THAN_EQUALS)"},
    {"SortCriterion", "FieldName:s Sort:e(ASC|DESC)"},
    // Lake Formation
    {"CatalogResource", "Id:s1-255"},
    {"DatabaseResource", "CatalogId:s1-255 Name*:s1-255"},
    {"Empty", ""},
    {"TableResource", "CatalogId:s1-255 DatabaseName*:s1-255 Name:s1-255 TableWildcard:@Empty"},
    {"ColumnWildcard", "ExcludedColumnNames:[s1-255]"},
    {"TableWithColumnsResource",
     "CatalogId:s1-255 DatabaseName*:s1-255 Name*:s1-255 ColumnNames:[s1-255] ColumnWildcard:@ColumnWildcard"},
    {"DataLocationResource", "CatalogId:s1-255 ResourceArn*:s1-1024"},
    {"DataCellsFilterResource", "TableCatalogId:s1-255 DatabaseName:s1-255 TableName:s1-255 Name:s1-255"},
    {"LFTagKeyResource", "CatalogId:s1-255 TagKey*:s1-128 TagValues*:[s0-256]1-50"},
    {"LFTag", "TagKey*:s1-128 TagValues*:[s0-256]1-50"},
    {"LFTagPair", "CatalogId:s1-255 TagKey*:s1-128 TagValues*:[s0-256]1-50"},
    {"LFTagPolicyResource",
     "CatalogId:s1-255 ResourceType*:e(DATABASE|TABLE) Expression:[@LFTag] ExpressionName:s1-255"},
    {"LFTagExpressionResource", "CatalogId:s1-255 Name*:s1-255"},
    {"Resource",
     "Catalog:@CatalogResource Database:@DatabaseResource Table:@TableResource "
     "TableWithColumns:@TableWithColumnsResource DataLocation:@DataLocationResource "
     "DataCellsFilter:@DataCellsFilterResource LFTag:@LFTagKeyResource LFTagPolicy:@LFTagPolicyResource "
     "LFTagExpression:@LFTagExpressionResource"},
    {"DataLakePrincipal", "DataLakePrincipalIdentifier*:s1-255"},
    {"Condition", "Expression:s1-3000"},
    {"FilterCondition",
     "Field:e(RESOURCE_ARN|ROLE_ARN|LAST_MODIFIED) ComparisonOperator:e(EQ|NE|LE|LT|GE|GT|CONTAINS|NOT_CONTAINS|"
     "BEGINS_WITH|IN|BETWEEN) StringValueList:[s]"},
    {"RowFilter", "FilterExpression:s0-2048 AllRowsWildcard:@Empty"},
    {"DataCellsFilter",
     "TableCatalogId*:s1-255 DatabaseName*:s1-255 TableName*:s1-255 Name*:s1-255 RowFilter:@RowFilter "
     "ColumnNames:[s1-255] ColumnWildcard:@ColumnWildcard VersionId:s1-255"},
    {"DataLakeSettings",
     "DataLakeAdmins:[@DataLakePrincipal]0-30 ReadOnlyAdmins:[@DataLakePrincipal]0-30 "
     "CreateDatabaseDefaultPermissions:[@PrincipalPermissions] CreateTableDefaultPermissions:[@PrincipalPermissions] "
     "Parameters:m TrustedResourceOwners:[s] AllowExternalDataFiltering:b AllowFullTableExternalDataAccess:b "
     "ExternalDataFilteringAllowList:[@DataLakePrincipal]0-30 AuthorizedSessionTagValueList:[s]"},
    // RAM
    {"TagFilter", "tagKey:s tagValues:[s]"},
    // STS
    {"PolicyDescriptor", "arn:s20-2048"},
    {"SessionTag", "Key*:s1-128 Value*:s0-256"},
};

std::map<std::string, Shape> read_all() {
  std::map<std::string, Shape> out;
  for (const NamedShape& one : kShapes) out.emplace(one.name, read_shape(one.shape));
  out.emplace("BatchPermissionsEntry", read_shape("Id*:s1-255 " + std::string(kGrantShape)));
  return out;
}

}  // namespace

const Shape& named_shape(const std::string& name) {
  static const std::map<std::string, Shape> shapes = read_all();
  const auto found = shapes.find(name);
  if (found == shapes.end()) throw std::logic_error("no such shape: " + name);
  return found->second;
}

}  // namespace datamesh::embedded::lake
