// What a Grant claims: by the producer's authority, and within the consumer's own account.
#include <gtest/gtest.h>

#include "tests/reconcilers/claim_lines.h"

namespace datamesh::reconcilers {
namespace {

using mesh::Declared;
using mesh::object;

const std::string kRole = "arn:aws:iam::K:role/a";
const std::string kWorld = kCentralMesh + kAccounts + kOrders;

/// The product with one column more.
const std::string kTwoColumns =
    object("DataProduct", "retail/orders",
           "account: retail, database: orders, location: 's3://data/orders/', tables: [{name: lines, columns: [{name: id, type: bigint}, {name: customer, "
           "type: string}], partitionKeys: [{name: day, type: date}]}]");

std::string grant(const std::string& name, const std::string& spec) { return object("Grant", name, spec); }

Lines claimed(const std::string& yaml, const std::string& ns, const std::string& name, Time now = mesh::kStart) {
  return lines(claims(Declared(yaml), "Grant", ns, name, now));
}
Lines found(const std::string& yaml, const std::string& ns, const std::string& name, Time now = mesh::kStart) {
  const ClaimSet set = claims(Declared(yaml), "Grant", ns, name, now);
  EXPECT_EQ(lines(set), Lines{}) << "nothing is claimed beside a finding here";
  return findings(set);
}

TEST(ProductGrant, GivesAnAccountEverythingToPassOn) {
  EXPECT_EQ(claimed(kWorld + kToLab, "retail", "to-lab"),
            (Lines{"5 K: ShareAcceptance C = accepted stays <- C: Permission database:C:orders@K",
                   "7 C: Permission alltables:C:orders@K = SELECT, DESCRIBE, +SELECT, +DESCRIBE <- Database orders",
                   "7 C: Permission database:C:orders@K = DESCRIBE, +DESCRIBE <- Database orders"}));
}

TEST(ProductGrant, LivesInTheGoverningCatalogOfEachModel) {
  for (const auto& [model, owner] : {std::pair(kCentralMesh, "C"), std::pair(kLinesMesh, "L"), std::pair(kFederatedMesh, "P")}) {
    const std::string at = std::string("7 ") + owner + ": ", id = owner;
    EXPECT_EQ(claimed(model + kAccounts + kOrders + kToLab, "retail", "to-lab"),
              (Lines{"5 K: ShareAcceptance " + id + " = accepted stays <- " + id + ": Permission database:" + id + ":orders@K",
                     at + "Permission alltables:" + id + ":orders@K = SELECT, DESCRIBE, +SELECT, +DESCRIBE <- Database orders",
                     at + "Permission database:" + id + ":orders@K = DESCRIBE, +DESCRIBE <- Database orders"}));
  }
}

TEST(ProductGrant, GivesNamedTablesAndPermissions) {
  EXPECT_EQ(claimed(kWorld + grant("retail/g", "product: {name: orders}, tables: [lines], permissions: [SELECT, INSERT], "
                                               "to: {principals: ['arn:aws:iam::100000000001:role/x']}"),
                    "retail", "g"),
            (Lines{"7 C: Permission database:C:orders@arn:aws:iam::C:role/x = DESCRIBE <- Database orders",
                   "7 C: Permission table:C:orders/lines@arn:aws:iam::C:role/x = SELECT, INSERT <- Table orders/lines"}));
}

TEST(ProductGrant, GivesColumnsByName) {
  EXPECT_EQ(claimed(kWorld + grant("retail/g", "product: {name: orders}, tables: [lines], columns: {include: [id, day]}, "
                                               "to: {accounts: [{namespace: lab, name: lab}]}"),
                    "retail", "g")[1],
            "7 C: Permission columns:C:orders/lines@K = SELECT, +SELECT (day, id, +day, +id) <- Table orders/lines");
}

TEST(ProductGrant, MakesAFilterForItsRows) {
  EXPECT_EQ(claimed(kWorld + grant("retail/emea", "product: {name: orders}, tables: [lines], rowFilter: \"id = 7\", "
                                                  "to: {accounts: [{namespace: lab, name: lab}]}"),
                    "retail", "emea"),
            (Lines{"5 K: ShareAcceptance C = accepted stays <- C: Permission database:C:orders@K",
                   "7 C: DataFilter orders/lines/grant-retail-emea = where id = 7 <- Table orders/lines",
                   "7 C: Permission database:C:orders@K = DESCRIBE, +DESCRIBE <- Database orders",
                   "7 C: Permission filter:C:orders/lines!grant-retail-emea@K = SELECT, +SELECT <- DataFilter "
                   "orders/lines/grant-retail-emea"}));
}

TEST(ProductGrant, GivesNothingToTheAccountThatGoverns) {
  EXPECT_EQ(claimed(kWorld + grant("retail/g", "product: {name: orders}, to: {accounts: [{namespace: gov, name: central}]}"),
                    "retail", "g"),
            Lines{});
}

TEST(ProductGrant, OfAnotherNamespaceClaimsNothing) {
  EXPECT_EQ(found(kWorld + grant("lab/steal", "product: {namespace: retail, name: orders}, to: {accounts: [{name: lab}]}"),
                  "lab", "steal"),
            (Lines{"Refused NotTheProductsNamespace: only a Grant in namespace retail speaks for product retail/orders"}));
  EXPECT_EQ(found(kWorld + grant("gov/g", "product: {namespace: retail, name: orders}, to: {accounts: [{name: central}]}"),
                  "gov", "g")
                .front()
                .substr(0, 31),
            "Refused NotTheProductsNamespace")
      << "not the central account, ever";
}

TEST(ProductGrant, SaysWhatItWaitsForAndGivesTheRest) {
  const ClaimSet set = claims(Declared(kWorld + grant("retail/g", "product: {name: orders}, to: {accounts: [{name: nobody}, "
                                                                  "{namespace: lab, name: lab}], personas: [{account: "
                                                                  "{namespace: lab, name: lab}, name: ghosts}]}")),
                              "Grant", "retail", "g");
  EXPECT_EQ(findings(set), (Lines{"Waits AccountNotFound: Account retail/nobody is not declared",
                                  "Waits PersonaNotFound: persona ghosts is not declared by Account lab/lab"}));
  EXPECT_EQ(lines(set).size(), 3u);
  EXPECT_EQ(found(kCentralMesh + kAccounts + kToLab, "retail", "to-lab"),
            (Lines{"Waits ProductNotFound: DataProduct retail/orders is not declared"}));
  EXPECT_EQ(found(kAccounts + kOrders + kToLab, "retail", "to-lab"),
            (Lines{"Waits MeshNotFound: no Mesh is declared: apply one to say who governs"}));
  EXPECT_EQ(found(kCentralMesh + kOrders + mesh::account("retail/retail", "100000000002") + kToLab, "retail", "to-lab"),
            (Lines{"Waits AccountNotFound: Account gov/central is not declared"}));
}

TEST(ProductGrant, EndsToTheMillisecond) {
  const Time end = mesh::kStart + std::chrono::hours(1);
  const std::string yaml = kWorld + grant("retail/g", "product: {name: orders}, expiresAt: '2026-11-22T09:00:00Z', to: "
                                                      "{accounts: [{namespace: lab, name: lab}]}");
  const Declared mesh(yaml);
  const ClaimSet before = claims(mesh, "Grant", "retail", "g", end - Millis(1));
  EXPECT_EQ(lines(before).size(), 3u);
  EXPECT_EQ(before.recheck_at, end);
  const ClaimSet after = claims(mesh, "Grant", "retail", "g", end);
  EXPECT_EQ(lines(after), Lines{});
  EXPECT_EQ(findings(after), (Lines{"Ended Expired: access ended at 2026-11-22T09:00:00Z"}));
  EXPECT_EQ(after.recheck_at, std::nullopt);
}

TEST(ProductGrant, EndsWithThePublicationOfItsProduct) {
  const std::string product = object("DataProduct", "retail/p",
                                     "account: retail, database: p, publishedUntil: '2026-11-22T09:00:00Z'");
  const std::string yaml = kCentralMesh + kAccounts + product +
                           grant("retail/g", "product: {name: p}, expiresAt: '2026-11-22T10:00:00Z', to: {accounts: "
                                             "[{namespace: lab, name: lab}]}");
  const Time end = mesh::kStart + std::chrono::hours(1);
  EXPECT_EQ(claims(Declared(yaml), "Grant", "retail", "g").recheck_at, end) << "the earlier of the two";
  EXPECT_EQ(found(yaml, "retail", "g", end), (Lines{"Ended Unpublished: access ended at 2026-11-22T09:00:00Z"}));
}

// ---- on a link ------------------------------------------------------------------------------------------------

const std::string kConsumer = kWorld + kLink + kToLab;

TEST(LinkGrant, GivesTheLinkTheDatabaseAndTheTables) {
  EXPECT_EQ(claimed(kConsumer + kAnalysts, "lab", "analysts"),
            (Lines{"8 K: Permission alltables:C:orders@" + kRole + " = SELECT, DESCRIBE <- ShareAcceptance C, C: "
                   "Permission database:C:orders@K, C: Permission alltables:C:orders@K",
                   "8 K: Permission database:C:orders@" + kRole + " = DESCRIBE <- ShareAcceptance C, C: Permission "
                   "database:C:orders@K",
                   "8 K: Permission database:K:orders@" + kRole + " = DESCRIBE <- Link orders"}));
}

TEST(LinkGrant, NeedsNoLinkWhereTheProductIsAtHome) {
  const std::string yaml = kFederatedMesh + kAccounts + kOrders +
                           object("ResourceLink", "retail/self", "account: retail, product: {name: orders}") +
                           grant("retail/g", "link: self, permissions: [SELECT], to: {personas: [{account: {name: retail}, "
                                             "name: engineers}]}");
  EXPECT_EQ(claimed(yaml, "retail", "g"),
            (Lines{"8 P: Permission alltables:P:orders@arn:aws:iam::P:role/e = SELECT <- Database orders",
                   "8 P: Permission database:P:orders@arn:aws:iam::P:role/e = DESCRIBE <- Database orders"}));
}

TEST(LinkGrant, NeverExceedsWhatTheAccountWasGranted) {
  struct Case {
    std::string says;
    std::string entitlement;  ///< of the account
    std::string asked;
    std::string answer;       ///< the table-level permission, or the finding
  };
  const std::string at = "8 K: Permission ", to = "@" + kRole + " = ", refused = "Refused ExceedsAccountGrant: asks for ";
  const std::vector<Case> cases = {
      {"more permissions", "", "permissions: [INSERT]", refused + "INSERT on all tables, which the account was not granted"},
      {"fewer permissions", "permissions: [SELECT, INSERT]", "permissions: [INSERT]", at + "alltables:C:orders" + to + "INSERT"},
      {"some of ALL", "permissions: [ALL]", "permissions: [SELECT]", at + "alltables:C:orders" + to + "SELECT"},
      {"ALL on a table of ALL", "permissions: [ALL]", "tables: [lines], permissions: [ALL]",
       at + "table:C:orders/lines" + to + "SELECT, ALTER, DROP, DELETE, INSERT, DESCRIBE"},
      {"one table of all", "", "tables: [lines]", at + "table:C:orders/lines" + to + "SELECT, DESCRIBE"},
      {"another table", "tables: [lines]", "tables: [heads]",
       refused + "SELECT, DESCRIBE on table heads, which the account was not granted"},
      {"all it has", "tables: [lines]", "", at + "table:C:orders/lines" + to + "SELECT, DESCRIBE"},
      {"the columns it has", "tables: [lines], columns: {include: [id, day]}", "tables: [lines]",
       at + "columns:C:orders/lines" + to + "SELECT (day, id)"},
      {"some of its columns", "tables: [lines], columns: {include: [id, day]}", "tables: [lines], columns: {include: [id]}",
       at + "columns:C:orders/lines" + to + "SELECT (id)"},
      {"another column", "tables: [lines], columns: {include: [id]}", "tables: [lines], columns: {include: [day]}",
       refused + "column day of table lines, which the account was not granted"},
      {"its columns but one", "tables: [lines], columns: {include: [id, customer]}", "tables: [lines], columns: {exclude: [id]}",
       at + "columns:C:orders/lines" + to + "SELECT (customer)"},
      {"its columns but all", "tables: [lines], columns: {include: [id]}", "tables: [lines], columns: {exclude: [id]}",
       refused + "columns of table lines, which the account was not granted"},
      {"all columns but one", "", "tables: [lines], columns: {exclude: [id]}",
       at + "columns:C:orders/lines" + to + "SELECT (customer)"},
      {"the rows it has", "tables: [lines], rowFilter: 'id = 1'", "tables: [lines]",
       at + "filter:C:orders/lines!grant-retail-to-lab" + to + "SELECT"},
      {"a filter of its own", "", "tables: [lines], rowFilter: 'id = 1'",
       refused + "a row filter on table lines, which only its owner can set"},
  };
  for (const Case& each : cases) {
    const auto with = [](const std::string& more) { return more.empty() ? "" : ", " + more; };
    const Declared mesh(kCentralMesh + kAccounts + kTwoColumns + kLink +
                        grant("retail/to-lab", "product: {name: orders}, to: {accounts: [{namespace: lab, name: lab}]}" +
                                                   with(each.entitlement)) +
                        grant("lab/g", "link: orders, to: {personas: [{account: {name: lab}, name: analysts}]}" +
                                           with(each.asked)));
    const ClaimSet set = claims(mesh, "Grant", "lab", "g");
    Lines told = findings(set);
    for (const std::string& line : lines(set)) {
      const std::string head = line.substr(0, line.find(" <-"));
      if (head.find("Permission database:") == std::string::npos) told.push_back(head);
    }
    EXPECT_EQ(told, Lines{each.answer}) << each.says;
    EXPECT_TRUE(findings(set).empty() || lines(set).empty()) << each.says;
  }
}

/// What both the Grant and the account's own rights give stays, whatever the one asks beside it and the other lost.
TEST(LinkGrant, KeepsWhatTheAccountHasWhereItAsksForMore) {
  struct Case {
    std::string says;
    std::string entitlement;  ///< of the account
    std::string asked;
    std::string excess;
    Lines given;  ///< on tables
  };
  const std::string to = "@" + kRole + " = ";
  const std::vector<Case> cases = {
      {"a table more", "tables: [lines]", "tables: [heads, lines]", "SELECT, DESCRIBE on table heads, which the account was not granted",
       {"table:C:orders/lines" + to + "SELECT, DESCRIBE"}},
      {"more on one table", "tables: [lines]", "tables: [lines], permissions: [SELECT, INSERT]",
       "INSERT on table lines, which the account was not granted", {"table:C:orders/lines" + to + "SELECT"}},
      {"more on all tables", "", "permissions: [ALL]", "ALTER, DROP, DELETE, INSERT on all tables, which the account was not granted",
       {"alltables:C:orders" + to + "SELECT, DESCRIBE"}},
      {"a column more", "tables: [lines], columns: {include: [id]}", "tables: [lines], columns: {include: [id, day]}",
       "column day of table lines, which the account was not granted", {"columns:C:orders/lines" + to + "SELECT (id)"}},
  };
  for (const Case& each : cases) {
    const auto with = [](const std::string& more) { return more.empty() ? "" : ", " + more; };
    const std::string yaml = kCentralMesh + kAccounts + kTwoColumns + kLink +
                             grant("retail/to-lab", "product: {name: orders}, to: {accounts: [{namespace: lab, name: lab}]}" +
                                                        with(each.entitlement)) +
                             grant("lab/g", "link: orders, to: {personas: [{account: {name: lab}, name: analysts}]}" +
                                                with(each.asked));
    const ClaimSet set = claims(Declared(yaml), "Grant", "lab", "g");
    Lines given;
    for (const std::string& line : lines(set)) {
      const std::string head = line.substr(0, line.find(" <-"));
      if (head.find("Permission database:") == std::string::npos) given.push_back(head.substr(std::string("8 K: Permission ").size()));
    }
    EXPECT_EQ(findings(set), Lines{"Refused ExceedsAccountGrant: asks for " + each.excess + "; the rest is in force"})
        << each.says;
    EXPECT_EQ(given, each.given) << each.says;
  }
}

TEST(LinkGrant, KeepsAllTablesWhereTheAccountHasMoreOnOne) {
  const std::string yaml = kConsumer +
                           grant("retail/more", "product: {name: orders}, tables: [lines], permissions: [INSERT], to: {accounts: "
                                                "[{namespace: lab, name: lab}]}") +
                           grant("lab/g", "link: orders, permissions: [SELECT, INSERT], to: {personas: [{account: {name: "
                                          "lab}, name: analysts}]}");
  Lines given;
  for (const std::string& line : claimed(yaml, "lab", "g")) given.push_back(line.substr(0, line.find(" <-")));
  EXPECT_EQ(given[0], "8 K: Permission alltables:C:orders@" + kRole + " = SELECT");
  EXPECT_EQ(given.back(), "8 K: Permission table:C:orders/lines@" + kRole + " = SELECT, INSERT");
}

TEST(LinkGrant, AddsUpWhatSeveralGrantsGiveTheAccount) {
  const std::string yaml = kConsumer +
                           grant("retail/more", "product: {name: orders}, permissions: [INSERT], to: {accounts: [{namespace: "
                                                "lab, name: lab}]}") +
                           grant("lab/g", "link: orders, permissions: [SELECT, INSERT], to: {personas: [{account: {name: "
                                          "lab}, name: analysts}]}");
  const std::string all_tables = claimed(yaml, "lab", "g")[0];
  EXPECT_EQ(all_tables.substr(0, all_tables.find(" <-")),
            "8 K: Permission alltables:C:orders@" + kRole + " = SELECT, INSERT");
}

TEST(LinkGrant, WaitsWhileTheAccountWasGrantedNothing) {
  const Lines waiting = {"Waits AccountNotGranted: no Grant of product retail/orders names account K"};
  EXPECT_EQ(found(kWorld + kLink + kAnalysts, "lab", "analysts"), waiting);
  const std::string expiring = grant("retail/to-lab", "product: {name: orders}, expiresAt: '2026-11-22T09:00:00Z', to: "
                                                      "{accounts: [{namespace: lab, name: lab}]}");
  EXPECT_EQ(claimed(kWorld + kLink + expiring + kAnalysts, "lab", "analysts").size(), 3u);
  EXPECT_EQ(found(kWorld + kLink + expiring + kAnalysts, "lab", "analysts", mesh::kStart + std::chrono::hours(1)), waiting);
  const std::string stolen = grant("lab/steal", "product: {namespace: retail, name: orders}, to: {accounts: [{name: lab}]}");
  EXPECT_EQ(found(kWorld + kLink + stolen + kAnalysts, "lab", "analysts"), waiting)
      << "a Grant without authority gives nothing to pass on";
  EXPECT_EQ(found(kWorld + kToLab + kAnalysts, "lab", "analysts"),
            (Lines{"Waits LinkNotFound: ResourceLink lab/orders is not declared"}));
}

TEST(LinkGrant, KnowsWhatTimeTookFromItsAccount) {
  const std::string to_lab = "product: {name: orders}, to: {accounts: [{namespace: lab, name: lab}]}";
  const std::string until_nine = ", expiresAt: '2026-11-22T09:00:00Z'";
  const auto ended = [&](const std::string& grants) {
    Lines out;
    const Declared mesh(kWorld + kLink + grants + kAnalysts);
    for (const auto& key : claims(mesh, "Grant", "lab", "analysts", mesh::kStart + std::chrono::hours(1)).ended) {
      out.push_back(with_letters(to_string(key)));
    }
    std::sort(out.begin(), out.end());
    return out;
  };
  EXPECT_EQ(ended(grant("retail/a", to_lab)), Lines{});
  EXPECT_EQ(ended(grant("retail/a", to_lab + until_nine)),
            (Lines{"K Permission alltables:C:orders@" + kRole, "K Permission database:C:orders@" + kRole,
                   "K Permission database:K:orders@" + kRole}));
  EXPECT_EQ(ended(grant("retail/a", to_lab + until_nine + ", tables: [lines]") + grant("retail/b", to_lab + ", tables: [heads]")),
            (Lines{"K Permission table:C:orders/lines@" + kRole}));
  EXPECT_EQ(ended(""), Lines{}) << "a Grant that was deleted is a change of mind";
}

TEST(LinkGrant, RefusesPrincipalsOfOtherAccounts) {
  const auto to = [](const std::string& receivers) {
    return found(kConsumer + grant("lab/g", "link: orders, to: {" + receivers + "}"), "lab", "g");
  };
  const std::string tail = " is not a principal of account K; what is shared cannot be shared on";
  EXPECT_EQ(to("principals: ['arn:aws:iam::100000000009:role/x']"),
            (Lines{"Refused ForeignPrincipal: arn:aws:iam::X:role/x" + tail}));
  EXPECT_EQ(to("principals: ['arn:aws:iam::100000000009:saml-provider/idp:user/x']"),
            (Lines{"Refused ForeignPrincipal: arn:aws:iam::X:saml-provider/idp:user/x" + tail}));
  EXPECT_EQ(to("principals: ['100000000009:IAMPrincipals']"), (Lines{"Refused ForeignPrincipal: X:IAMPrincipals" + tail}));
  EXPECT_EQ(to("personas: [{account: {namespace: retail, name: retail}, name: engineers}]"),
            (Lines{"Refused ForeignPrincipal: arn:aws:iam::P:role/e" + tail}));
}

TEST(LinkGrant, TakesEveryKindOfPrincipalOfItsAccount) {
  for (const std::string principal :
       {"arn:aws:iam::100000000003:user/x", "arn:aws:iam::100000000003:saml-provider/idp:group/x", "100000000003:IAMPrincipals",
        "arn:aws:quicksight:eu-west-1:100000000003:user/default/x", "arn:aws:identitystore:::user/x",
        "arn:aws:identitystore:::group/x"}) {
    const std::string yaml = kConsumer + grant("lab/g", "link: orders, grantable: true, to: {principals: ['" + principal + "']}");
    const std::string first = claimed(yaml, "lab", "g")[0];
    EXPECT_EQ(first.substr(0, first.find(" <-")),
              with_letters("8 K: Permission alltables:C:orders@" + principal + " = SELECT, DESCRIBE, +SELECT, +DESCRIBE"));
  }
}

TEST(LinkGrant, RefusesForeignPrincipalsThatAPersonaOfItsOwnAccountLists) {
  const std::string world = kCentralMesh + mesh::account("gov/central", "100000000001") +
                            mesh::account("retail/retail", "100000000002",
                                          "personas: [{name: engineers, principals: ['arn:aws:iam::100000000002:role/e']}]") +
                            mesh::account("lab/lab", "100000000003",
                                          "personas: [{name: analysts, principals: ['arn:aws:iam::100000000009:role/x']}]");
  EXPECT_EQ(found(world + kOrders + kLink + kToLab + kAnalysts, "lab", "analysts"),
            (Lines{"Refused ForeignPrincipal: arn:aws:iam::X:role/x is not a principal of account K; what is shared cannot "
                   "be shared on"}));
}

TEST(LinkGrant, EndsByItsOwnExpiry) {
  const std::string yaml = kConsumer + grant("lab/g", "link: orders, expiresAt: '2026-11-22T09:00:00Z', to: {personas: "
                                                      "[{account: {name: lab}, name: analysts}]}");
  EXPECT_EQ(claims(Declared(yaml), "Grant", "lab", "g").recheck_at, mesh::kStart + std::chrono::hours(1));
  EXPECT_EQ(found(yaml, "lab", "g", mesh::kStart + std::chrono::hours(1)),
            (Lines{"Ended Expired: access ended at 2026-11-22T09:00:00Z"}));
}

TEST(LinkGrant, GivesTheOptionOnlyWhereItSaysSo) {
  const Lines with = claimed(kConsumer + grant("lab/g", "link: orders, grantable: true, to: {personas: [{account: {name: "
                                                        "lab}, name: analysts}]}"),
                             "lab", "g");
  EXPECT_EQ(with[0].substr(0, with[0].find(" <-")),
            "8 K: Permission alltables:C:orders@" + kRole + " = SELECT, DESCRIBE, +SELECT, +DESCRIBE");
}

}  // namespace
}  // namespace datamesh::reconcilers
