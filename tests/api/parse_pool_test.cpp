#include "api/parse_pool.h"

#include "tests/api/body_cases.h"

#include <boost/json.hpp>
#include <boost/test/data/test_case.hpp>

namespace bdata = boost::unit_test::data;
using namespace windlass;
using namespace windlass::api;
using namespace std::chrono_literals;

namespace {

#define VM                                                                        \
  R"("virtualMachineConfiguration":{"imageReference":{"publisher":"canonical"},)" \
  R"("nodeAgentSKUId":"batch.node.ubuntu 22.04"})"
#define POOL R"({"id":"p1","vmSize":"STANDARD_D2_V3",)" VM
#define NAT(backend, first, last)                                                        \
  R"(,"networkConfiguration":{"endpointConfiguration":{"inboundNATPools":[{"name":"n",)" \
  R"("protocol":"tcp","backendPort":)" #backend R"(,"frontendPortRangeStart":)" #first   \
  R"(,"frontendPortRangeEnd":)" #last "}]}}}"
#define NAT_PLACE "networkConfiguration.endpointConfiguration.inboundNATPools[0]"

const RefusedBody kRefused[] = {
    {"nothing", "", "InvalidRequestBody", ""},
    {"blanks", "  ", "InvalidRequestBody", ""},
    {"no json", "{\"id\":", "InvalidRequestBody", ""},
    {"two values", "{} {}", "InvalidRequestBody", ""},
    {"a list", "[]", "InvalidRequestBody", ""},
    {"null", "null", "InvalidRequestBody", ""},
    {"bad utf-8", "{\"id\":\"\xff\"}", "InvalidRequestBody", ""},
    {"no id", R"({"vmSize":"a",)" VM "}", "MissingRequiredProperty", "id"},
    {"null id", R"({"id":null,"vmSize":"a",)" VM "}", "MissingRequiredProperty", "id"},
    {"number as id", R"({"id":5})", "InvalidPropertyValue", "id"},
    {"id of bad form", R"({"id":"a b"})", "InvalidPropertyValue", "id"},
    {"no size", R"({"id":"p1",)" VM "}", "MissingRequiredProperty", "vmSize"},
    {"empty size", R"({"id":"p1","vmSize":"",)" VM "}", "InvalidPropertyValue", "vmSize"},
    {"no configuration", R"({"id":"p1","vmSize":"a"})", "InvalidPropertyValue",
     "virtualMachineConfiguration"},
    {"both configurations", POOL R"(,"cloudServiceConfiguration":{"osFamily":"4"}})",
     "InvalidPropertyValue", "virtualMachineConfiguration"},
    {"unknown member", POOL R"(,"colour":"red"})", "UnsupportedProperty", "colour"},
    {"unknown null member", POOL R"(,"colour":null})", "UnsupportedProperty", "colour"},
    {"name in other case", POOL R"(,"VmSize":"x"})", "UnsupportedProperty", "VmSize"},
    {"unknown nested member", POOL R"(,"startTask":{"commandLine":"x","colour":1}})",
     "UnsupportedProperty", "startTask.colour"},
    {"negative target", POOL R"(,"targetDedicatedNodes":-1})", "InvalidPropertyValue",
     "targetDedicatedNodes"},
    {"fractional target", POOL R"(,"targetDedicatedNodes":1.5})", "InvalidPropertyValue",
     "targetDedicatedNodes"},
    {"word as target", POOL R"(,"targetLowPriorityNodes":"two"})", "InvalidPropertyValue",
     "targetLowPriorityNodes"},
    {"huge target", POOL R"(,"targetDedicatedNodes":4294967297})", "InvalidPropertyValue",
     "targetDedicatedNodes"},
    {"no slots", POOL R"(,"taskSlotsPerNode":0})", "InvalidPropertyValue", "taskSlotsPerNode"},
    {"too many slots", POOL R"(,"taskSlotsPerNode":257})", "InvalidPropertyValue",
     "taskSlotsPerNode"},
    {"short timeout", POOL R"(,"resizeTimeout":"PT4M59S"})", "InvalidPropertyValue",
     "resizeTimeout"},
    {"timeout of bad form", POOL R"(,"resizeTimeout":"15 minutes"})", "InvalidPropertyValue",
     "resizeTimeout"},
    {"list as text", POOL R"(,"displayName":["x"]})", "InvalidPropertyValue", "displayName"},
    {"fill type unknown", POOL R"(,"taskSchedulingPolicy":{"nodeFillType":"pile"}})",
     "InvalidPropertyValue", "taskSchedulingPolicy.nodeFillType"},
    {"fill type missing", POOL R"(,"taskSchedulingPolicy":{}})", "MissingRequiredProperty",
     "taskSchedulingPolicy.nodeFillType"},
    {"metadata without name", POOL R"(,"metadata":[{"value":"v"}]})", "MissingRequiredProperty",
     "metadata[0].name"},
    {"metadata with empty name",
     POOL R"(,"metadata":[{"name":"a","value":"b"},{"name":"","value":"v"}]})", "EmptyMetadataKey",
     "metadata[1].name"},
    {"metadata no list", POOL R"(,"metadata":{}})", "InvalidPropertyValue", "metadata"},
    {"start task without command", POOL R"(,"startTask":{}})", "MissingRequiredProperty",
     "startTask.commandLine"},
    {"file without source",
     POOL R"(,"startTask":{"commandLine":"x","resourceFiles":[{"filePath":"a"}]}})",
     "InvalidPropertyValue", "startTask.resourceFiles[0]"},
    {"NUL in command", POOL R"(,"startTask":{"commandLine":"a\u0000b"}})", "InvalidPropertyValue",
     "startTask.commandLine"},
    {"container of start task",
     POOL R"(,"startTask":{"commandLine":"x","containerSettings":{"imageName":"i"}}})",
     "NotImplemented", "startTask.containerSettings"},
    {"admin",
     POOL
     R"(,"startTask":{"commandLine":"x","userIdentity":{"autoUser":{"elevationLevel":"Admin"}}}})",
     "NotImplemented", "startTask.userIdentity.autoUser.elevationLevel"},
    {"formula alone", POOL R"(,"autoScaleFormula":"$TargetDedicated=1"})", "InvalidPropertyValue",
     "autoScaleFormula"},
    {"autoscale", POOL R"(,"autoScaleFormula":"$TargetDedicated=1","enableAutoScale":true})",
     "NotImplemented", "enableAutoScale"},
    {"containers",
     R"({"id":"p1","vmSize":"a","virtualMachineConfiguration":{"imageReference":{},)"
     R"("nodeAgentSKUId":"x","containerConfiguration":{"type":"dockerCompatible"}}})",
     "NotImplemented", "virtualMachineConfiguration.containerConfiguration"},
    {"no image", R"({"id":"p1","vmSize":"a","virtualMachineConfiguration":{"nodeAgentSKUId":"x"}})",
     "MissingRequiredProperty", "virtualMachineConfiguration.imageReference"},
    {"user accounts", POOL R"(,"userAccounts":[{"name":"u","password":"p"}]})", "NotImplemented",
     "userAccounts"},
    {"mounts", POOL R"(,"mountConfiguration":[{}]})", "NotImplemented", "mountConfiguration"},
    {"packages", POOL R"(,"applicationPackageReferences":[{"applicationId":"a"}]})",
     "NotImplemented", "applicationPackageReferences"},
    {"order of jobs",
     POOL R"(,"taskSchedulingPolicy":{"nodeFillType":"pack","jobDefaultOrder":"lifo"}})",
     "InvalidPropertyValue", "taskSchedulingPolicy.jobDefaultOrder"},
    {"network word", POOL R"(,"networkConfiguration":{"dynamicVNetAssignmentScope":"some"}})",
     "InvalidPropertyValue", "networkConfiguration.dynamicVNetAssignmentScope"},
    {"six NAT pools",
     POOL
     R"(,"networkConfiguration":{"endpointConfiguration":{"inboundNATPools":[{},{},{},{},{},{}]}}})",
     "InvalidPropertyValue", "networkConfiguration.endpointConfiguration.inboundNATPools"},
    {"reserved port", POOL NAT(22, 2000, 2100), "InvalidPropertyValue", NAT_PLACE},
    {"few ports", POOL NAT(80, 2000, 2038), "InvalidPropertyValue", NAT_PLACE},
    {"ports the wrong way", POOL NAT(80, 2100, 2000), "InvalidPropertyValue", NAT_PLACE},
    {"reserved range", POOL NAT(80, 49990, 50040), "InvalidPropertyValue", NAT_PLACE},
    {"kept member twice", POOL R"(,"networkConfiguration":{},"networkConfiguration":{}})",
     "InvalidPropertyValue", "networkConfiguration"},
    {"communication mode", POOL R"(,"targetNodeCommunicationMode":"loud"})", "InvalidPropertyValue",
     "targetNodeCommunicationMode"},
};

const AcceptedBody kAccepted[] = {
    {"the least", POOL "}"},
    {"byte order mark", "\xEF\xBB\xBF" POOL "}"},
    {"nulls", POOL R"(,"displayName":null,"startTask":null,"userAccounts":null,"metadata":null})"},
    {"read-only members",
     POOL R"(,"eTag":"0x1","state":"active","odata.metadata":"x","stats":{}})"},
    {"empty lists", POOL R"(,"userAccounts":[],"certificateReferences":[],"metadata":[]})"},
    {"ports", POOL NAT(80, 2000, 2039)},
    {"autoscale off", POOL R"(,"enableAutoScale":false})"},
    {"autoscale off as text", POOL R"(,"enableAutoScale":"False"})"},
    {"newer members", POOL R"(,"resourceTags":{"a":"b"},"upgradePolicy":{"mode":"manual"}})"},
    {"default order of jobs",
     POOL R"(,"taskSchedulingPolicy":{"nodeFillType":"Pack","jobDefaultOrder":"none"}})"},
};

boost::json::value kept(const PoolSpec& spec) {
  return boost::json::parse(spec.kept_json);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(api_parse_pool)

BOOST_DATA_TEST_CASE(bad_pool_is_refused, bdata::make(kRefused), c) {
  check_refused(c, parse_add_pool(c.body));
}

BOOST_DATA_TEST_CASE(good_pool_is_accepted, bdata::make(kAccepted), c) {
  const Result<PoolSpec> spec = parse_add_pool(c.body);
  BOOST_REQUIRE_MESSAGE(spec.has_value(), message_of(spec));
  BOOST_TEST(spec->id == "p1");
  BOOST_TEST(spec->vm_size == "STANDARD_D2_V3");
}

BOOST_AUTO_TEST_CASE(every_member_arrives) {
  const Result<PoolSpec> parsed = parse_add_pool(POOL R"(,
    "displayName":"Pool","resizeTimeout":"PT02M180S","targetDedicatedNodes":"2",
    "targetLowPriorityNodes":3,"taskSlotsPerNode":"4","enableInterNodeCommunication":true,
    "taskSchedulingPolicy":{"nodeFillType":"Pack"},"targetNodeCommunicationMode":"Classic",
    "metadata":[{"name":"a","value":"1"},{"name":"a","value":""}],
    "startTask":{"commandLine":"/bin/true","maxTaskRetryCount":-1,"waitForSuccess":false,
      "environmentSettings":[{"name":"A","value":"b"},{"name":"E"}],
      "userIdentity":{"autoUser":{"scope":"Task","elevationLevel":"nonAdmin"}},
      "resourceFiles":[{"httpUrl":"HTTPS://h/x","filePath":"dir/../x","fileMode":"0644"},
        {"storageContainerUrl":"http://h/c?sig=1","blobPrefix":"in/"}]}})");
  BOOST_REQUIRE(parsed.has_value());
  const PoolSpec& spec = *parsed;
  BOOST_TEST(spec.display_name.value() == "Pool");
  BOOST_TEST((spec.resize_timeout == 5min));
  BOOST_TEST(spec.target_dedicated_nodes == 2);
  BOOST_TEST(spec.target_spot_nodes == 3);
  BOOST_TEST(spec.task_slots_per_node == 4);
  BOOST_TEST(spec.enable_inter_node_communication);
  BOOST_TEST((spec.fill_type == NodeFillType::pack));
  BOOST_TEST(spec.target_node_communication_mode == "classic");
  BOOST_TEST((spec.metadata == std::vector<MetadataItem>{{"a", "1"}, {"a", ""}}));
  const StartTask& start = spec.start_task.value();
  BOOST_TEST(start.command_line == "/bin/true");
  BOOST_TEST(start.retries_max == -1);
  BOOST_TEST(!start.wait_for_success);
  BOOST_TEST(
      (start.environment_settings == std::vector<EnvironmentSetting>{{"A", "b"}, {"E", ""}}));
  BOOST_TEST((start.user_identity->scope == AutoUserScope::task));
  BOOST_REQUIRE(start.resource_files.size() == 2u);
  BOOST_TEST(start.resource_files[0].http_url == "HTTPS://h/x");
  BOOST_TEST(start.resource_files[0].file_mode == "0644");
  BOOST_TEST(start.resource_files[1].blob_prefix == "in/");
}

BOOST_AUTO_TEST_CASE(the_old_name_of_slots_is_understood) {
  BOOST_TEST(parse_add_pool(POOL R"(,"maxTasksPerNode":7})")->task_slots_per_node == 7);
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_kept_in_canonical_form) {
  const Result<PoolSpec> spec = parse_add_pool(R"({"id":"p","vmSize":"s",
    "virtualMachineConfiguration":{"imageReference":{"publisher":"P","sku":null,"exactVersion":"1"},
      "nodeAgentSKUId":"agent \u00e9\"","dataDisks":[{"lun":"1","diskSizeGB":10,"caching":"ReadOnly"}],
      "extensions":[{"name":"n","publisher":"p","type":"t","settings":{"deep":[1,{"a":null}]},
        "protectedSettings":{"secret":1}}]},
    "networkConfiguration":{"subnetId":"/s","enableAcceleratedNetworking":"true","publicIPs":["i"]}})");
  BOOST_REQUIRE(spec.has_value());
  BOOST_TEST(kept(*spec) == boost::json::parse(R"({
    "virtualMachineConfiguration":{"imageReference":{"publisher":"P"},
      "nodeAgentSKUId":"agent é\"","dataDisks":[{"lun":1,"diskSizeGB":10,"caching":"readonly"}],
      "extensions":[{"name":"n","publisher":"p","type":"t","settings":{"deep":[1,{"a":null}]}}]},
    "networkConfiguration":{"subnetId":"/s","enableAcceleratedNetworking":true,"publicIPs":["i"]}})"));
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused) {
  const std::string deep =
      POOL R"(,"resourceTags":)" + std::string(2000, '[') + std::string(2000, ']') + "}";
  BOOST_TEST((parse_add_pool(deep).error().code == ErrorCode::invalid_request_body));
  BOOST_TEST(parse_add_pool(POOL "}").has_value());  // the parser is usable again
}

BOOST_AUTO_TEST_CASE(patch_holds_what_is_given) {
  const Result<PatchPool> nothing = parse_patch_pool("{}");
  BOOST_REQUIRE(nothing.has_value());
  BOOST_TEST((*nothing == PatchPool{}));
  const Result<PatchPool> patch = parse_patch_pool(
      R"({"metadata":[],"startTask":{"commandLine":"x"},"targetNodeCommunicationMode":"SIMPLIFIED",
          "applicationPackageReferences":[]})");
  BOOST_REQUIRE(patch.has_value());
  BOOST_TEST(patch->metadata.value().empty());
  BOOST_TEST(patch->start_task.value().command_line == "x");
  BOOST_TEST(patch->target_node_communication_mode.value() == "simplified");
  const Result<PatchPool> wide = parse_patch_pool(
      R"({"displayName":"d","vmSize":"x","taskSlotsPerNode":"4","enableInterNodeCommunication":true,
          "taskSchedulingPolicy":{"nodeFillType":"Pack"},"resourceTags":{"a":"b"},
          "networkConfiguration":{"subnetId":"s"}})");
  BOOST_REQUIRE(wide.has_value());
  BOOST_TEST(wide->display_name.value() == "d");
  BOOST_TEST(wide->vm_size.value() == "x");
  BOOST_TEST(wide->task_slots_per_node.value() == 4);
  BOOST_TEST(wide->enable_inter_node_communication.value());
  BOOST_TEST((wide->fill_type.value() == NodeFillType::pack));
  BOOST_TEST(wide->kept_json ==
             R"({"resourceTags":{"a":"b"},"networkConfiguration":{"subnetId":"s"}})");
  check_refused({"", "", "InvalidPropertyValue", "taskSlotsPerNode"},
                parse_patch_pool(R"({"taskSlotsPerNode":257})"));
  check_refused({"", "", "NotImplemented", "userAccounts"},
                parse_patch_pool(R"({"userAccounts":[{"name":"u","password":"p"}]})"));
  check_refused({"", "", "UnsupportedProperty", "targetDedicatedNodes"},
                parse_patch_pool(R"({"targetDedicatedNodes":1})"));
  check_refused({"", "", "InvalidRequestBody", ""}, parse_patch_pool(""));
}

BOOST_AUTO_TEST_CASE(resize_needs_a_target) {
  const Result<ResizePool> resize = parse_resize_pool(
      R"({"targetDedicatedNodes":0,"nodeDeallocationOption":"TaskCompletion","resizeTimeout":"PT1H"})");
  BOOST_REQUIRE(resize.has_value());
  BOOST_TEST(resize->target_dedicated_nodes.value() == 0);
  BOOST_TEST(!resize->target_spot_nodes.has_value());
  BOOST_TEST((resize->deallocation == NodeDeallocationOption::taskcompletion));
  BOOST_TEST((resize->resize_timeout.value() == 1h));
  check_refused({"", "", "MissingRequiredProperty", "targetDedicatedNodes"},
                parse_resize_pool(R"({"targetDedicatedNodes":null})"));
  check_refused({"", "", "InvalidPropertyValue", "resizeTimeout"},
                parse_resize_pool(R"({"targetDedicatedNodes":1,"resizeTimeout":"PT1S"})"));
  check_refused({"", "", "InvalidPropertyValue", "nodeDeallocationOption"},
                parse_resize_pool(R"({"targetDedicatedNodes":1,"nodeDeallocationOption":"x"})"));
  check_refused({"", "", "UnsupportedProperty", "x"}, parse_resize_pool(R"({"x":1})"));
}

BOOST_AUTO_TEST_CASE(replaced_properties_are_all_there) {
  const Result<ReplacePoolProperties> replaced = parse_replace_pool_properties(
      R"({"metadata":[{"name":"a","value":"b"}],"applicationPackageReferences":[],
          "certificateReferences":[]})",
      true);
  BOOST_REQUIRE(replaced.has_value());
  BOOST_TEST(replaced->metadata.size() == 1u);
  BOOST_TEST(!replaced->start_task.has_value());
  const std::string without = R"({"metadata":[],"applicationPackageReferences":[]})";
  BOOST_TEST(parse_replace_pool_properties(without, false).has_value());
  check_refused({"", "", "MissingRequiredProperty", "certificateReferences"},
                parse_replace_pool_properties(without, true));
  check_refused({"", "", "MissingRequiredProperty", "metadata"},
                parse_replace_pool_properties(R"({"applicationPackageReferences":[]})", false));
  check_refused({"", "", "UnsupportedProperty", "x"},
                parse_replace_pool_properties(R"({"x":1})", false));
}

BOOST_AUTO_TEST_CASE(a_removal_names_one_to_a_hundred_nodes) {
  const auto list = [](int nodes) {
    std::string text = R"({"nodeList":[)";
    for (int i = 0; i < nodes; ++i) text += (i == 0 ? "\"n" : ",\"n") + std::to_string(i) + '"';
    return text + R"(],"nodeDeallocationOption":"retainedData","resizeTimeout":"PT6M"})";
  };
  const Result<RemoveNodes> remove = parse_remove_nodes(list(100));
  BOOST_REQUIRE(remove.has_value());
  BOOST_TEST(remove->node_ids.size() == 100u);
  BOOST_TEST((remove->deallocation == NodeDeallocationOption::retaineddata));
  BOOST_TEST((remove->resize_timeout.value() == 6min));
  check_refused({"", "", "InvalidPropertyValue", "nodeList"}, parse_remove_nodes(list(101)));
  check_refused({"", "", "InvalidPropertyValue", "nodeList"}, parse_remove_nodes(list(0)));
  check_refused({"", "", "MissingRequiredProperty", "nodeList"}, parse_remove_nodes("{}"));
  check_refused({"", "", "InvalidPropertyValue", "nodeList[0]"},
                parse_remove_nodes(R"({"nodeList":[7]})"));
}

BOOST_AUTO_TEST_SUITE_END()
