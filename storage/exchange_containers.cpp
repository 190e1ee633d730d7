// The operations on containers.
#include "storage/exchange.h"

namespace windlass::storage {

Check Exchange::list_containers() {
  const auto list = parse_list_request(request_->query);
  if (!list) return list.refusal();
  if (!list->delimiter.empty()) return BlobError::invalid_query_value;
  const ContainerList page = service_.store().list_containers(request_->account, *list);
  answer_.body = container_list_xml(service_.account_url(request_->account), *list, page.containers,
                                    page.next);
  answer_.set("Content-Type", "application/xml");
  return allowed();
}

Check Exchange::create_container() {
  const auto record =
      service_.store().create_container(request_->account, request_->container, request_->metadata);
  if (!record) return record.refusal();
  answer_.status = 201;
  set_validators(record->changed, record->modified);
  return allowed();
}

Check Exchange::get_container_properties() {
  auto found = container();
  if (!found) return found.refusal();
  const ContainerRecord record = (*found)->record();
  set_validators(record.changed, record.modified);
  set_metadata(record.metadata);
  if (request_->query.get("comp") == "metadata") return allowed();
  answer_.set("x-ms-lease-status", "unlocked");
  answer_.set("x-ms-lease-state", "available");
  answer_.set("x-ms-has-immutability-policy", "false");
  answer_.set("x-ms-has-legal-hold", "false");
  return allowed();
}

Check Exchange::set_container_metadata() {
  auto found = container();
  if (!found) return found.refusal();
  const auto conditions = conditions_of(*request_);
  if (!conditions) return conditions.refusal();
  const auto record = (*found)->set_metadata(request_->metadata, *conditions);
  if (!record) return record.refusal();
  set_validators(record->changed, record->modified);
  return allowed();
}

Check Exchange::delete_container() {
  const auto conditions = conditions_of(*request_);
  if (!conditions) return conditions.refusal();
  WINDLASS_REFUSE_IF(
      service_.store().delete_container(request_->account, request_->container, *conditions));
  answer_.status = 202;
  return allowed();
}

Check Exchange::list_blobs() {
  const auto list = parse_list_request(request_->query);
  if (!list) return list.refusal();
  auto found = container();
  if (!found) return found.refusal();
  const BlobList page = (*found)->list(*list);
  answer_.body = blob_list_xml(service_.account_url(request_->account), request_->container, *list,
                               page.blobs, page.next);
  answer_.set("Content-Type", "application/xml");
  return allowed();
}

}  // namespace windlass::storage
