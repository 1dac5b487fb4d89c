// The AWS SDK for Go as clients of the endpoint: a third signer, and typed errors. What it reads is compared with what
// boto3 reads of the same.
//
// usage: judge OWNER CONSUMER     with AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE and the profiles of ../run
//
// Prints a line a check; at the end, as JSON after "seen ", what boto3 has to see too.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	gluetypes "github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/aws/aws-sdk-go-v2/service/lakeformation"
	laketypes "github.com/aws/aws-sdk-go-v2/service/lakeformation/types"
	"github.com/aws/aws-sdk-go-v2/service/ram"
	ramtypes "github.com/aws/aws-sdk-go-v2/service/ram/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

var (
	owner, consumer = os.Args[1], os.Args[2]
	failed          = 0
)

func check(name string, isSo bool, shown any) {
	if isSo {
		fmt.Println("ok    Go:", name)
		return
	}
	failed++
	fmt.Printf("FAIL  Go: %s\n      %v\n", name, shown)
}

// The clients of one profile of the endpoint's files.
type clients struct {
	glue *glue.Client
	lake *lakeformation.Client
	ram  *ram.Client
	sts  *sts.Client
}

func as(ctx context.Context, profile string) clients {
	settings, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(profile))
	if err != nil {
		fmt.Println("FAIL  Go: the profile", profile, err)
		os.Exit(1)
	}
	return clients{glue.NewFromConfig(settings), lakeformation.NewFromConfig(settings), ram.NewFromConfig(settings),
		sts.NewFromConfig(settings)}
}

func code(err error) string {
	var coded smithy.APIError
	if errors.As(err, &coded) {
		return coded.ErrorCode()
	}
	return fmt.Sprint(err)
}

// is tells whether the SDK made the error that type of its own.
func is[T error](err error) bool {
	var typed T
	return errors.As(err, &typed)
}

func tables(ctx context.Context, client *glue.Client, input *glue.GetTablesInput) ([]string, int, error) {
	names, pages := []string{}, 0
	for pager := glue.NewGetTablesPaginator(client, input); pager.HasMorePages(); pages++ {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return names, pages, err
		}
		for _, table := range page.TableList {
			names = append(names, aws.ToString(table.Name))
		}
	}
	sort.Strings(names)
	return names, pages, nil
}

func columns(table *gluetypes.Table) []string {
	names := []string{}
	for _, column := range table.StorageDescriptor.Columns {
		names = append(names, aws.ToString(column.Name))
	}
	return names
}

func reads(ctx context.Context, seen map[string]any) {
	analyst := as(ctx, "analytics-analyst")
	me, err := analyst.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	check("who am I", err == nil && strings.Contains(aws.ToString(me.Arn), ":assumed-role/Analyst/"), err)
	taxi := aws.String("nyc_taxi")
	table, err := analyst.glue.GetTable(ctx, &glue.GetTableInput{DatabaseName: taxi, Name: aws.String("yellow")})
	if err != nil {
		check("a table through a link", false, err)
		return
	}
	seen["columns"] = columns(table.Table)
	check("six columns were granted", len(table.Table.StorageDescriptor.Columns) == 6, seen["columns"])
	check("a time is a time", table.Table.CreateTime.After(time.Unix(1e9, 0)), table.Table.CreateTime)
	steward := as(ctx, "central-admin")
	listed, pages, err := tables(ctx, steward.glue, &glue.GetTablesInput{DatabaseName: taxi, MaxResults: aws.Int32(1)})
	seen["tables"] = listed
	check("tables come a page each", err == nil && len(listed) > 1 && pages >= len(listed), fmt.Sprint(listed, pages, err))
	rows := []string{}
	for pager := lakeformation.NewListPermissionsPaginator(steward.lake, &lakeformation.ListPermissionsInput{
		MaxResults: aws.Int32(7)}); pager.HasMorePages(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			check("permissions are listed", false, err)
			return
		}
		for _, row := range page.PrincipalResourcePermissions {
			rows = append(rows, fmt.Sprint(aws.ToString(row.Principal.DataLakePrincipalIdentifier), " ", row.Permissions, " ",
				row.PermissionsWithGrantOption))
		}
	}
	sort.Strings(rows)
	seen["permissions"] = rows
	check("permissions come in pages", len(rows) > 7, rows)
	shares := []string{}
	for pager := ram.NewGetResourceSharesPaginator(steward.ram, &ram.GetResourceSharesInput{
		ResourceOwner: ramtypes.ResourceOwnerSelf}); pager.HasMorePages(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			check("shares are listed", false, err)
			return
		}
		for _, share := range page.ResourceShares {
			shares = append(shares, aws.ToString(share.ResourceShareArn))
		}
	}
	sort.Strings(shares)
	seen["shares"] = shares
	check("shares are listed", len(shares) > 0, shares)
}

func writes(ctx context.Context) {
	admin, reader := as(ctx, "walk-owner"), as(ctx, "walk-engineer")
	name := aws.String("gophers")
	_, err := admin.glue.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{
		Name: name, CreateTableDefaultPermissions: []gluetypes.PrincipalPermissions{}}})
	check("a database is made", err == nil, err)
	_, err = admin.glue.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &gluetypes.DatabaseInput{Name: name}})
	check("it exists once, by its type", is[*gluetypes.AlreadyExistsException](err), err)
	_, err = admin.glue.GetTable(ctx, &glue.GetTableInput{DatabaseName: name, Name: aws.String("none")})
	check("what is not there is typed", is[*gluetypes.EntityNotFoundException](err), err)
	_, err = reader.glue.GetDatabase(ctx, &glue.GetDatabaseInput{Name: name})
	check("what is not granted is typed", is[*gluetypes.AccessDeniedException](err), err)
	principal := &laketypes.DataLakePrincipal{
		DataLakePrincipalIdentifier: aws.String("arn:aws:iam::" + owner + ":role/Engineer")}
	resource := &laketypes.Resource{Database: &laketypes.DatabaseResource{CatalogId: aws.String(owner), Name: name}}
	describe := []laketypes.Permission{laketypes.PermissionDescribe}
	_, err = admin.lake.GrantPermissions(ctx, &lakeformation.GrantPermissionsInput{
		Principal: principal, Resource: resource, Permissions: describe})
	check("a grant is made", err == nil, err)
	_, err = reader.glue.GetDatabase(ctx, &glue.GetDatabaseInput{Name: name})
	check("and counts at once", err == nil, err)
	_, err = reader.lake.GrantPermissions(ctx, &lakeformation.GrantPermissionsInput{
		Principal: principal, Resource: resource, Permissions: describe})
	check("it cannot be granted on", code(err) == "AccessDeniedException", err)
	revoke := &lakeformation.RevokePermissionsInput{Principal: principal, Resource: resource, Permissions: describe}
	_, err = admin.lake.RevokePermissions(ctx, revoke)
	check("it is revoked", err == nil, err)
	_, err = admin.lake.RevokePermissions(ctx, revoke)
	check("once, by its type", is[*laketypes.InvalidInputException](err), err)
	_, err = admin.lake.DescribeResource(ctx, &lakeformation.DescribeResourceInput{ResourceArn: aws.String("arn:aws:s3:::none")})
	check("an error of Lake Formation is typed", is[*laketypes.EntityNotFoundException](err), err)
	_, err = admin.ram.AcceptResourceShareInvitation(ctx, &ram.AcceptResourceShareInvitationInput{
		ResourceShareInvitationArn: aws.String("arn:aws:ram:us-east-1:" + consumer + ":resource-share-invitation/00000000-0000-0000-0000-000000000000")})
	check("an error of RAM is typed", is[*ramtypes.ResourceShareInvitationArnNotFoundException](err), err)
	_, err = admin.glue.DeleteDatabase(ctx, &glue.DeleteDatabaseInput{Name: name})
	check("the database is deleted", err == nil, err)
}

func sessions(ctx context.Context) {
	key := as(ctx, "default")
	role := aws.String("arn:aws:iam::" + consumer + ":role/Reader")
	given, err := key.sts.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("go")})
	check("a role is assumed", err == nil && given.Credentials.Expiration.After(time.Now()), err)
	_, err = key.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + consumer + ":role/unknown-x"), RoleSessionName: aws.String("go")})
	check("a role that does not exist is not", code(err) == "AccessDenied", err)
	_, err = key.glue.GetDatabases(ctx, &glue.GetDatabasesInput{})
	check("the key itself reads nothing", is[*gluetypes.AccessDeniedException](err), err)
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	seen := map[string]any{}
	reads(ctx, seen)
	writes(ctx)
	sessions(ctx)
	text, _ := json.Marshal(seen)
	fmt.Println("seen", string(text))
	if failed > 0 {
		os.Exit(1)
	}
}
