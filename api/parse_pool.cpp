#include "api/parse_pool.h"

#include "api/json_in.h"
#include "api/kept_models.h"
#include "api/parse_common.h"

namespace windlass::api {

namespace {

constexpr std::int32_t kTaskSlotsMax = 256;
constexpr Duration kResizeTimeoutMin = std::chrono::minutes(5);

// What a client that sends back a pool it has read may leave in, and what is not built.
constexpr UnbuiltMember kReadOnly[] = {{"odata.metadata", Allowed::anything},
                                       {"url", Allowed::anything},
                                       {"eTag", Allowed::anything},
                                       {"lastModified", Allowed::anything},
                                       {"creationTime", Allowed::anything},
                                       {"state", Allowed::anything},
                                       {"stateTransitionTime", Allowed::anything},
                                       {"allocationState", Allowed::anything},
                                       {"allocationStateTransitionTime", Allowed::anything},
                                       {"currentDedicatedNodes", Allowed::anything},
                                       {"currentLowPriorityNodes", Allowed::anything},
                                       {"resizeErrors", Allowed::anything},
                                       {"autoScaleRun", Allowed::anything},
                                       {"stats", Allowed::anything},
                                       {"identity", Allowed::anything},
                                       {"currentNodeCommunicationMode", Allowed::anything}};
constexpr UnbuiltMember kUnbuilt[] = {{"certificateReferences", Allowed::empty},
                                      {"applicationPackageReferences", Allowed::empty},
                                      {"applicationLicenses", Allowed::empty},
                                      {"userAccounts", Allowed::empty},
                                      {"mountConfiguration", Allowed::empty}};

bool judge_common(std::string_view name, const Value& value) {
  return judge_unbuilt(kReadOnly, name, value) || judge_unbuilt(kUnbuilt, name, value);
}

void read_target(const Value& value, std::int32_t& out) {
  if (value.read(out) && out < 0) value.refuse("A number of nodes is 0 or more.");
}

void read_resize_timeout(const Value& value, Duration& out) {
  if (value.read(out) && out < kResizeTimeoutMin) {
    value.refuse("The resize timeout must be 5 minutes or longer.");
  }
}

void read_scheduling_policy(const Value& value, NodeFillType& type, JobDefaultOrder& order) {
  bool has_type = false;
  value.each_member([&](std::string_view name, const Value& member) {
    if (name == "nodeFillType") {
      has_type = member.read_word(type);
    } else if (name == "jobDefaultOrder") {
      member.read_word(order);
    } else {
      return false;
    }
    return true;
  });
  value.require(!value.given() || has_type, "nodeFillType");
}

void read_task_slots(const Value& value, SlotCount& out) {
  if (value.read(out) && (out < 1 || out > kTaskSlotsMax)) {
    value.refuse("A node has 1 to 256 task slots.");
  }
}

void read_vm_size(const Value& value, std::string& out) {
  if (value.read(out) && out.empty()) value.refuse("A size is required.");
}

// The members that are kept as they are; whether `name` is one of them.
bool read_kept(std::string_view name, const Value& value, std::string& kept_json) {
  if (name == "virtualMachineConfiguration") {
    keep(value, name, virtual_machine_configuration_model(), kept_json);
  } else if (name == "networkConfiguration") {
    keep(value, name, network_configuration_model(), kept_json);
  } else if (name == "resourceTags" || name == "upgradePolicy") {
    keep_anything(value, name, kept_json);
  } else {
    return false;
  }
  return true;
}

// What a body may say of autoscaling while it is not built: that it is off.
bool read_auto_scale(std::string_view name, const Value& value) {
  if (name == "enableAutoScale") {
    bool enabled = false;
    if (value.read(enabled) && enabled) value.refuse_not_built();
  } else if (name == "autoScaleFormula" || name == "autoScaleEvaluationInterval") {
    if (value.given()) value.refuse("The property is valid with enableAutoScale=true only.");
  } else {
    return false;
  }
  return true;
}

class PoolReader {
 public:
  void read(const Value& body) {
    read_specification(body, [&](std::string_view name, const Value& value) {
      return read_own_member(name, value);
    });
    body.require(!spec.id.empty(), "id");
  }

  // Without the id; `read_other` knows what else there may be.
  template <class ReadOther>
  void read_specification(const Value& body, ReadOther&& read_other) {
    judge_auto_scale(body);
    body.each_member([&](std::string_view name, const Value& value) {
      return read_other(name, value) || read_size(name, value) || read_content(name, value) ||
             read_auto_scale(name, value) || judge_unbuilt(kUnbuilt, name, value);
    });
    body.require(!spec.vm_size.empty(), "vmSize");
    if (body.given() && has_cloud_service_ == has_virtual_machine_) {
      body.problem().set(property_error(
          ErrorCode::invalid_property_value, "virtualMachineConfiguration", "",
          "Exactly one of virtualMachineConfiguration and cloudServiceConfiguration is required."));
    }
  }

  PoolSpec spec;

 private:
  // Judged first, so that a pool with autoscale is refused for that and not for its formula.
  static void judge_auto_scale(const Value& body) {
    body.each_member([](std::string_view name, const Value& value) {
      if (name == "enableAutoScale") read_auto_scale(name, value);
      return true;
    });
  }

  bool read_size(std::string_view name, const Value& value) {
    if (name == "vmSize") {
      read_vm_size(value, spec.vm_size);
    } else if (name == "resizeTimeout") {
      read_resize_timeout(value, spec.resize_timeout);
    } else if (name == "targetDedicatedNodes") {
      read_target(value, spec.target_dedicated_nodes);
    } else if (name == "targetLowPriorityNodes") {
      read_target(value, spec.target_spot_nodes);
    } else if (name == "taskSlotsPerNode" || name == "maxTasksPerNode") {
      read_task_slots(value, spec.task_slots_per_node);
    } else if (name == "taskSchedulingPolicy") {
      read_scheduling_policy(value, spec.fill_type, spec.job_default_order);
    } else {
      return false;
    }
    return true;
  }

  bool read_own_member(std::string_view name, const Value& value) {
    if (name != "id") return judge_unbuilt(kReadOnly, name, value);
    read_id(value, spec.id);
    return true;
  }

  bool read_content(std::string_view name, const Value& value) {
    if (name == "displayName") {
      read_display_name(value, spec.display_name);
    } else if (name == "cloudServiceConfiguration") {
      has_cloud_service_ = value.given();
      keep(value, name, cloud_service_configuration_model(), spec.kept_json);
    } else if (name == "enableInterNodeCommunication") {
      value.read(spec.enable_inter_node_communication);
    } else if (read_kept(name, value, spec.kept_json)) {
      if (name == "virtualMachineConfiguration") has_virtual_machine_ = value.given();
    } else if (name == "startTask") {
      read_start_task(value, spec.start_task);
    } else if (name == "metadata") {
      read_metadata(value, spec.metadata);
    } else if (name == "targetNodeCommunicationMode") {
      read_communication_mode(value, spec.target_node_communication_mode);
    } else {
      return false;
    }
    return true;
  }

  bool has_cloud_service_ = false;
  bool has_virtual_machine_ = false;
};

}  // namespace

void read_pool_specification(const Value& value, std::optional<PoolSpec>& out) {
  if (!value.given()) return;
  PoolReader reader;
  reader.read_specification(value, [](std::string_view, const Value&) { return false; });
  if (!value.problem().found()) out = std::move(reader.spec);
}

Result<PoolSpec> parse_add_pool(std::string_view text) {
  ParsedBody body(text);
  PoolReader reader;
  if (!body.failed()) reader.read(body.value());
  if (body.failed()) return body.error();
  return std::move(reader.spec);
}

namespace {

// What newer versions let PATCH change while the pool has no nodes.
bool read_fixed(std::string_view name, const Value& value, PatchPool& patch) {
  if (name == "displayName") {
    read_display_name(value, patch.display_name);
  } else if (name == "vmSize") {
    if (value.given()) read_vm_size(value, patch.vm_size.emplace());
  } else if (name == "enableInterNodeCommunication") {
    value.read(patch.enable_inter_node_communication);
  } else if (name == "taskSlotsPerNode") {
    if (value.given()) read_task_slots(value, patch.task_slots_per_node.emplace());
  } else if (name == "taskSchedulingPolicy") {
    if (value.given())
      read_scheduling_policy(value, patch.fill_type.emplace(), patch.job_default_order.emplace());
  } else {
    return read_kept(name, value, patch.kept_json);
  }
  return true;
}

}  // namespace

Result<PatchPool> parse_patch_pool(std::string_view text) {
  ParsedBody body(text);
  PatchPool patch;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "startTask") {
      read_start_task(value, patch.start_task);
    } else if (name == "metadata") {
      if (value.given()) read_metadata(value, patch.metadata.emplace());
    } else if (name == "targetNodeCommunicationMode") {
      if (value.given()) {
        read_communication_mode(value, patch.target_node_communication_mode.emplace());
      }
    } else {
      return read_fixed(name, value, patch) || name == "id" || judge_common(name, value);
    }
    return true;
  });
  if (body.failed()) return body.error();
  return patch;
}

Result<ReplacePoolProperties> parse_replace_pool_properties(std::string_view text,
                                                            bool knows_certificates) {
  ParsedBody body(text);
  ReplacePoolProperties replace;
  bool has_metadata = false;
  bool has_packages = false;
  bool has_certificates = false;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "startTask") {
      read_start_task(value, replace.start_task);
    } else if (name == "metadata") {
      has_metadata = value.given();
      if (has_metadata) read_metadata(value, replace.metadata);
    } else if (name == "targetNodeCommunicationMode") {
      if (value.given()) read_communication_mode(value, replace.target_node_communication_mode);
    } else {
      if (name == "applicationPackageReferences") has_packages = value.given();
      if (name == "certificateReferences") has_certificates = value.given();
      return judge_common(name, value);
    }
    return true;
  });
  if (!body.failed()) {
    body.value().require(has_certificates || !knows_certificates, "certificateReferences");
    body.value().require(has_packages, "applicationPackageReferences");
    body.value().require(has_metadata, "metadata");
  }
  if (body.failed()) return body.error();
  return replace;
}

Result<RemoveNodes> parse_remove_nodes(std::string_view text) {
  ParsedBody body(text);
  RemoveNodes remove;
  bool has_list = false;
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "nodeList") {
      has_list = value.given();
      if (value.is_list() && (value.items() == 0 || value.items() > kRemovedNodesMax))
        value.refuse("The list has 1 to 100 nodes.");
      value.each_item([&](const Value& item) {
        if (!item.read(remove.node_ids.emplace_back())) item.refuse_type("a node id");
      });
    } else if (name == "resizeTimeout") {
      if (value.given()) read_resize_timeout(value, remove.resize_timeout.emplace());
    } else if (name == "nodeDeallocationOption") {
      value.read_word(remove.deallocation);
    } else {
      return name == "odata.metadata";
    }
    return true;
  });
  if (!body.failed()) body.value().require(has_list, "nodeList");
  if (body.failed()) return body.error();
  return remove;
}

Result<ResizePool> parse_resize_pool(std::string_view text) {
  ParsedBody body(text);
  ResizePool resize;
  const auto read_optional_target = [](const Value& value, std::optional<std::int32_t>& out) {
    if (value.given()) read_target(value, out.emplace());
  };
  body.value().each_member([&](std::string_view name, const Value& value) {
    if (name == "targetDedicatedNodes") {
      read_optional_target(value, resize.target_dedicated_nodes);
    } else if (name == "targetLowPriorityNodes") {
      read_optional_target(value, resize.target_spot_nodes);
    } else if (name == "resizeTimeout") {
      if (value.given()) read_resize_timeout(value, resize.resize_timeout.emplace());
    } else if (name == "nodeDeallocationOption") {
      value.read_word(resize.deallocation);
    } else {
      return name == "odata.metadata";
    }
    return true;
  });
  const bool has_target = resize.target_dedicated_nodes || resize.target_spot_nodes;
  if (!body.failed()) body.value().require(has_target, "targetDedicatedNodes");
  if (body.failed()) return body.error();
  return resize;
}

}  // namespace windlass::api
