#include "api/parse_task.h"

#include "tests/api/body_cases.h"

#include <boost/test/data/test_case.hpp>

#include <random>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::api;
using namespace std::chrono_literals;

namespace {

#define TASK R"({"id":"t1","commandLine":"/bin/true")"
#define FILE_OF(content) TASK R"(,"resourceFiles":[{)" content "}]}"
#define OUTPUT_OF(content) TASK R"(,"outputFiles":[{)" content "}]}"

const RefusedBody kRefused[] = {
    {"no id", R"({"commandLine":"x"})", "MissingRequiredProperty", "id"},
    {"bad id", R"({"id":"a/b","commandLine":"x"})", "InvalidPropertyValue", "id"},
    {"long id", R"({"id":"aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaa"})",
     "InvalidPropertyValue", "id"},
    {"no command", R"({"id":"t1"})", "MissingRequiredProperty", "commandLine"},
    {"empty command", R"({"id":"t1","commandLine":""})", "MissingRequiredProperty", "commandLine"},
    {"command no text", R"({"id":"t1","commandLine":["/bin/true"]})", "InvalidPropertyValue",
     "commandLine"},
    {"no slots", TASK R"(,"requiredSlots":0})", "InvalidPropertyValue", "requiredSlots"},
    {"retries", TASK R"(,"constraints":{"maxTaskRetryCount":-2}})", "InvalidConstraintValue",
     "constraints.maxTaskRetryCount"},
    {"retention", TASK R"(,"constraints":{"retentionTime":"-PT1S"}})", "InvalidConstraintValue",
     "constraints.retentionTime"},
    {"two sources",
     FILE_OF(R"("httpUrl":"http://h/a","storageContainerUrl":"http://h/c","filePath":"a")"),
     "InvalidPropertyValue", "resourceFiles[0]"},
    {"url without path", FILE_OF(R"("httpUrl":"http://h/a")"), "MissingRequiredProperty",
     "resourceFiles[0].filePath"},
    {"no http", FILE_OF(R"("httpUrl":"file:///etc/passwd","filePath":"a")"), "InvalidPropertyValue",
     "resourceFiles[0].httpUrl"},
    {"absolute path", FILE_OF(R"("httpUrl":"http://h/a","filePath":"/etc/x")"),
     "InvalidPropertyValue", "resourceFiles[0].filePath"},
    {"path upwards", FILE_OF(R"("httpUrl":"http://h/a","filePath":"a/../../x")"),
     "InvalidPropertyValue", "resourceFiles[0].filePath"},
    {"path upwards with backslashes", FILE_OF(R"("httpUrl":"http://h/a","filePath":"..\\x")"),
     "InvalidPropertyValue", "resourceFiles[0].filePath"},
    {"drive", FILE_OF(R"("httpUrl":"http://h/a","filePath":"c:\\x")"), "InvalidPropertyValue",
     "resourceFiles[0].filePath"},
    {"container into a parent", FILE_OF(R"("storageContainerUrl":"http://h/c","filePath":"..")"),
     "InvalidPropertyValue", "resourceFiles[0].filePath"},
    {"mode", FILE_OF(R"("httpUrl":"http://h/a","filePath":"a","fileMode":"rwx")"),
     "InvalidPropertyValue", "resourceFiles[0].fileMode"},
    {"prefix of a url", FILE_OF(R"("httpUrl":"http://h/a","filePath":"a","blobPrefix":"x")"),
     "InvalidPropertyValue", "resourceFiles[0]"},
    {"automatic storage", FILE_OF(R"("autoStorageContainerName":"c")"), "NotImplemented",
     "resourceFiles[0].autoStorageContainerName"},
    {"identity", FILE_OF(R"("httpUrl":"http://h/a","filePath":"a","identityReference":{})"),
     "NotImplemented", "resourceFiles[0].identityReference"},
    {"output without pattern",
     OUTPUT_OF(R"("destination":{"container":{"containerUrl":"http://h/c"}},"uploadOptions":{})"),
     "MissingRequiredProperty", "outputFiles[0].filePattern"},
    {"output without destination", OUTPUT_OF(R"("filePattern":"*","uploadOptions":{})"),
     "MissingRequiredProperty", "outputFiles[0].destination"},
    {"output without options",
     OUTPUT_OF(R"("filePattern":"*","destination":{"container":{"containerUrl":"http://h/c"}})"),
     "MissingRequiredProperty", "outputFiles[0].uploadOptions"},
    {"output without url",
     OUTPUT_OF(R"("filePattern":"*","destination":{"container":{}},"uploadOptions":{})"),
     "MissingRequiredProperty", "outputFiles[0].destination.container.containerUrl"},
    {"output condition",
     OUTPUT_OF(R"("filePattern":"*","destination":{"container":{"containerUrl":"http://h/c"}},)"
               R"("uploadOptions":{"uploadCondition":"never"})"),
     "InvalidPropertyValue", "outputFiles[0].uploadOptions.uploadCondition"},
    {"dependency of bad form", TASK R"(,"dependsOn":{"taskIds":["a b"]}})", "InvalidPropertyValue",
     "dependsOn.taskIds[0]"},
    {"dependency null", TASK R"(,"dependsOn":{"taskIds":[null]}})", "InvalidPropertyValue",
     "dependsOn.taskIds[0]"},
    {"range backwards", TASK R"(,"dependsOn":{"taskIdRanges":[{"start":2,"end":1}]}})",
     "InvalidPropertyValue", "dependsOn.taskIdRanges[0]"},
    {"range below 0", TASK R"(,"dependsOn":{"taskIdRanges":[{"start":-1,"end":1}]}})",
     "InvalidPropertyValue", "dependsOn.taskIdRanges[0]"},
    {"range without end", TASK R"(,"dependsOn":{"taskIdRanges":[{"start":1}]}})",
     "MissingRequiredProperty", "dependsOn.taskIdRanges[0].end"},
    {"named user", TASK R"(,"userIdentity":{"username":"u"}})", "NotImplemented",
     "userIdentity.username"},
    {"two users", TASK R"(,"userIdentity":{"username":"u","autoUser":{}}})", "InvalidPropertyValue",
     "userIdentity"},
    {"affinity", TASK R"(,"affinityInfo":{}})", "MissingRequiredProperty",
     "affinityInfo.affinityId"},
    {"containers", TASK R"(,"containerSettings":{"imageName":"x"}})", "NotImplemented",
     "containerSettings"},
    {"no coordination command", TASK R"(,"multiInstanceSettings":{"numberOfInstances":2}})",
     "MissingRequiredProperty", "multiInstanceSettings.coordinationCommandLine"},
    {"no instance",
     TASK R"(,"multiInstanceSettings":{"coordinationCommandLine":"x","numberOfInstances":0}})",
     "InvalidPropertyValue", "multiInstanceSettings.numberOfInstances"},
    {"too many instances",
     TASK R"(,"multiInstanceSettings":{"coordinationCommandLine":"x","numberOfInstances":257}})",
     "InvalidPropertyValue", "multiInstanceSettings.numberOfInstances"},
    {"instances with two slots each",
     TASK R"(,"requiredSlots":2,"multiInstanceSettings":{"coordinationCommandLine":"x"}})",
     "InvalidPropertyValue", "requiredSlots"},
    {"unknown member of instances",
     TASK R"(,"multiInstanceSettings":{"coordinationCommandLine":"x","nodes":1}})",
     "UnsupportedProperty", "multiInstanceSettings.nodes"},
    {"exit code without options", TASK R"(,"exitConditions":{"exitCodes":[{"code":1}]}})",
     "MissingRequiredProperty", "exitConditions.exitCodes[0].exitOptions"},
    {"exit options without code", TASK R"(,"exitConditions":{"exitCodes":[{"exitOptions":{}}]}})",
     "MissingRequiredProperty", "exitConditions.exitCodes[0].code"},
    {"exit codes backwards",
     TASK R"(,"exitConditions":{"exitCodeRanges":[{"start":2,"end":1,"exitOptions":{}}]}})",
     "InvalidPropertyValue", "exitConditions.exitCodeRanges[0]"},
    {"exit action", TASK R"(,"exitConditions":{"default":{"dependencyAction":"wait"}}})",
     "InvalidPropertyValue", "exitConditions.default.dependencyAction"},
    {"token for more", TASK R"(,"authenticationTokenSettings":{"access":["job","pool"]}})",
     "InvalidPropertyValue", "authenticationTokenSettings.access[1]"},
    {"unknown", TASK R"(,"prority":1})", "UnsupportedProperty", "prority"},
};

std::string collection(std::size_t count, std::string_view last = {}) {
  std::string body = R"({"value":[)";
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) body += ',';
    body += R"({"id":"t)" + std::to_string(i) + R"(","commandLine":"/bin/true"})";
  }
  if (!last.empty()) body += "," + std::string(last);
  return body + "]}";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_parse_task)

BOOST_DATA_TEST_CASE(bad_task_is_refused, bdata::make(kRefused), c) {
  check_refused(c, parse_add_task(c.body));
}

BOOST_AUTO_TEST_CASE(every_member_arrives) {
  const Result<ParsedTask> parsed = parse_add_task(TASK R"(,"displayName":"Task",
    "requiredSlots":"2","affinityInfo":{"affinityId":"TVM:n"},
    "constraints":{"maxTaskRetryCount":-1,"maxWallClockTime":"PT03S","retentionTime":"P1D"},
    "dependsOn":{"taskIds":["a","B"],"taskIdRanges":[{"start":1,"end":"3"},{"start":7,"end":7}]},
    "environmentSettings":[{"name":"PATH","value":"/x"},{"name":"N","value":null}],
    "userIdentity":{"autoUser":{"scope":"pool"}},
    "exitConditions":{"exitCodes":[{"code":"3","exitOptions":{"jobAction":"Disable"}}],
       "exitCodeRanges":[{"start":4,"end":9,"exitOptions":{"dependencyAction":"Satisfy"}}],
       "preProcessingError":{"jobAction":"terminate"},"fileUploadError":{},
       "default":{"jobAction":"None","dependencyAction":"block"}},
    "resourceFiles":[{"httpUrl":"http://h/a?b=c","filePath":"in\\a","fileMode":"0755"}],
    "outputFiles":[{"filePattern":"../std*.txt","destination":{"container":{
       "containerUrl":"http://h/c?sig=x","path":"out","uploadHeaders":[{"name":"x-ms-a","value":"b"}]}},
       "uploadOptions":{"uploadCondition":"TaskFailure"}}]})");
  BOOST_REQUIRE_MESSAGE(parsed.has_value(), message_of(parsed));
  const NewTask& facts = parsed->facts;
  BOOST_TEST(facts.id == "t1");
  BOOST_TEST(facts.required_slots == 2);
  BOOST_TEST(facts.retries_max.value() == -1);
  BOOST_TEST((facts.max_wall_clock_time.value() == 3s));
  BOOST_TEST((facts.retention_time.value() == 24h));
  BOOST_TEST((facts.depends_on_ids == std::vector<std::string>{"a", "B"}));
  BOOST_TEST(facts.affinity_id == "TVM:n");
  BOOST_TEST(facts.document.empty());
  const TaskDocument& document = parsed->document;
  BOOST_TEST(document.display_name.value() == "Task");
  BOOST_TEST(document.command_line == "/bin/true");
  BOOST_TEST((document.depends_on_ids == facts.depends_on_ids));
  BOOST_TEST(document.affinity_id == "TVM:n");
  BOOST_TEST((document.environment_settings ==
              std::vector<EnvironmentSetting>{{"PATH", "/x"}, {"N", ""}}));
  BOOST_TEST((document.user_identity.value() == UserIdentity{}));
  BOOST_TEST(
      document.kept_json ==
      R"({"exitConditions":{"exitCodes":[{"code":3,"exitOptions":{"jobAction":"disable"}}],)"
      R"("exitCodeRanges":[{"start":4,"end":9,"exitOptions":{"dependencyAction":"satisfy"}}],)"
      R"("preProcessingError":{"jobAction":"terminate"},"fileUploadError":{},)"
      R"("default":{"jobAction":"none","dependencyAction":"block"}}})");
  BOOST_TEST((facts.depends_on_ranges == std::vector<TaskIdRange>{{1, 3}, {7, 7}}));
  BOOST_TEST((document.depends_on_ranges == facts.depends_on_ranges));
  BOOST_TEST((facts.exit_rules ==
              std::vector<ExitRule>{
                  {ExitCondition::code, 3, 3, JobAction::disable, {}},
                  {ExitCondition::code_range, 4, 9, {}, DependencyAction::satisfy},
                  {ExitCondition::pre_processing_error, 0, 0, JobAction::terminate, {}},
                  {ExitCondition::file_upload_error, 0, 0, {}, {}},
                  {ExitCondition::otherwise, 0, 0, JobAction::none, DependencyAction::block}}));
  BOOST_REQUIRE(document.resource_files.size() == 1u);
  BOOST_TEST(document.resource_files[0].file_path == "in\\a");
  BOOST_REQUIRE(document.output_files.size() == 1u);
  const OutputFile& output = document.output_files[0];
  BOOST_TEST(output.file_pattern == "../std*.txt");
  BOOST_TEST(output.container_url == "http://h/c?sig=x");
  BOOST_TEST(output.path == "out");
  BOOST_TEST((output.upload_headers == std::vector<NameValue>{{"x-ms-a", "b"}}));
  BOOST_TEST((output.condition == UploadCondition::taskfailure));
}

BOOST_AUTO_TEST_CASE(the_least_task_leaves_all_to_the_job) {
  const Result<ParsedTask> parsed = parse_add_task(TASK "}");
  BOOST_REQUIRE(parsed.has_value());
  NewTask expected;
  expected.id = "t1";
  BOOST_TEST((parsed->facts == expected));
}

BOOST_AUTO_TEST_CASE(long_dependency_lists_are_refused) {
  std::string body = TASK R"(,"dependsOn":{"taskIds":[)";
  const std::string id(64, 'x');
  for (int i = 0; i < 1001; ++i) body += (i == 0 ? "\"" : ",\"") + id + "\"";
  check_refused({"", "", "TaskDependencyListTooLong", "dependsOn.taskIds"},
                parse_add_task(body + "]}}"));
}

BOOST_AUTO_TEST_CASE(collection_of_a_hundred_is_taken) {
  const auto items = parse_add_task_collection(collection(100));
  BOOST_REQUIRE(items.has_value());
  BOOST_REQUIRE(items->size() == 100u);
  for (std::size_t i = 0; i < 100; ++i) {
    BOOST_TEST((*items)[i].task_id == "t" + std::to_string(i));
    BOOST_TEST((*items)[i].task->facts.id == (*items)[i].task_id);
  }
}

BOOST_AUTO_TEST_CASE(a_bad_item_is_refused_alone) {
  const auto items = parse_add_task_collection(collection(
      2, R"({"id":"t2","commandLine":"x","requiredSlots":0},{"commandLine":"x"},)"
         R"({"id":7,"commandLine":"x"},{"id":"t5","commandLine":"x","containerSettings":{}})"));
  BOOST_REQUIRE(items.has_value());
  BOOST_REQUIRE(items->size() == 6u);
  BOOST_TEST((*items)[0].task.has_value());
  BOOST_TEST((*items)[1].task.has_value());
  BOOST_TEST((*items)[2].task_id == "t2");
  check_refused({"", "", "InvalidPropertyValue", "requiredSlots"}, (*items)[2].task);
  BOOST_TEST((*items)[3].task_id == "");
  check_refused({"", "", "MissingRequiredProperty", "id"}, (*items)[3].task);
  check_refused({"", "", "InvalidPropertyValue", "id"}, (*items)[4].task);
  BOOST_TEST((*items)[5].task_id == "t5");
  check_refused({"", "", "NotImplemented", "containerSettings"}, (*items)[5].task);
}

BOOST_AUTO_TEST_CASE(a_bad_collection_is_refused_whole) {
  check_refused({"", "", "InvalidPropertyValue", "value"},
                parse_add_task_collection(collection(101)));
  check_refused({"", "", "InvalidPropertyValue", "value"},
                parse_add_task_collection(R"({"value":[]})"));
  check_refused({"", "", "InvalidPropertyValue", "value"},
                parse_add_task_collection(R"({"value":{}})"));
  check_refused({"", "", "InvalidPropertyValue", "value[1]"},
                parse_add_task_collection(collection(1, "5")));
  check_refused({"", "", "MissingRequiredProperty", "value"}, parse_add_task_collection("{}"));
  check_refused({"", "", "UnsupportedProperty", "tasks"},
                parse_add_task_collection(R"({"tasks":[]})"));
  check_refused({"", "", "InvalidRequestBody", ""}, parse_add_task_collection("[]"));
  check_refused({"", "", "InvalidRequestBody", ""},
                parse_add_task_collection(collection(3).substr(0, 50)));
}

BOOST_AUTO_TEST_CASE(put_changes_constraints_only) {
  const Result<ChangeTask> all = parse_put_task(
      R"({"id":"t","commandLine":"x","constraints":{"maxTaskRetryCount":"4","retentionTime":"PT1H"}})");
  BOOST_REQUIRE(all.has_value());
  BOOST_TEST(all->retries_max.value() == 4);
  BOOST_TEST((all->constraints == TaskConstraints{4, kInfinite, 1h}));
  const Result<ChangeTask> none = parse_put_task("{}");
  BOOST_REQUIRE(none.has_value());
  BOOST_TEST(!none->retries_max.has_value());
  BOOST_TEST((none->constraints == TaskConstraints{}));
  check_refused({"", "", "UnsupportedProperty", "x"}, parse_put_task(R"({"x":1})"));
}

// Whatever a client sends: an answer, never a crash.
BOOST_AUTO_TEST_CASE(mutated_bodies_are_answered) {
  const std::string good = collection(
      2, R"({"id":"t9","commandLine":"x","resourceFiles":[{"httpUrl":"http://h","filePath":"a"}],)"
         R"("dependsOn":{"taskIds":["a"]},"userIdentity":{"autoUser":{"scope":"pool"}},)"
         R"("constraints":{"maxWallClockTime":"PT1S","maxTaskRetryCount":1},"displayName":"é"})");
  const std::string_view pieces[] = {"{",    "}",    "[",       "]",    ",", ":",
                                     "\"",   "null", "\\",      "0",    "-", "1e",
                                     "true", "\"\"", "\\u0000", "\xC3", "é", " "};
  std::mt19937 random(11);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string body = good;
    for (unsigned i = 1 + random() % 4; i > 0; --i) {
      const std::size_t place = random() % body.size();
      body.replace(place, random() % 4, pieces[random() % std::size(pieces)]);
    }
    const auto items = parse_add_task_collection(body);
    if (items.has_value()) ++accepted;
  }
  BOOST_TEST(accepted > 100);
}

BOOST_AUTO_TEST_SUITE_END()
