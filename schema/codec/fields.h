// How a model struct and its Cap'n Proto twin become each other: each pair of fields is named once,
// and both directions come from that line, so they cannot differ. Only codec/*.cpp include this.
//
//   WINDLASS_STRUCT(NameValue, (name, Name), (value, Value))
//
// says that NameValue::name goes with setName/getName. What happens follows from the types:
// numbers, enumerators, times, text or data, lists, nested structs, and std::optional of these
// (absent is a null pointer; numbers are wrapped in a struct with one `value`).
#pragma once

#include "model/time.h"
#include "schema/codec/message_bytes.h"

#include <capnp/common.h>

#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace windlass::codec {

// put(builder, value) and take(reader, value), for one model type. (Both are templates in the
// value, too, so that the branches of a field that are not taken need not compile.)
template <class T>
struct Codec;

// How many enumerators a model enum has; stated next to a check against the schema (enums.h).
template <class E>
inline constexpr int kEnumerators = 0;

template <class T>
inline constexpr bool is_scalar = std::is_arithmetic_v<T> || std::is_enum_v<T> ||
                                  std::is_same_v<T, Duration> || std::is_same_v<T, WallTime>;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_list = false;
template <class T>
inline constexpr bool is_list<std::vector<T>> = true;

template <class Wire, class T>
Wire to_wire(const T& value) {
  if constexpr (std::is_same_v<T, Duration>)
    return value.count();
  else if constexpr (std::is_same_v<T, WallTime>)
    return value.ticks;
  else
    return static_cast<Wire>(value);
}

template <class T, class Wire>
void from_wire(Wire wire, T& value) {
  if constexpr (std::is_same_v<T, Duration>) {
    value = Duration{wire};
  } else if constexpr (std::is_same_v<T, WallTime>) {
    value = WallTime{wire};
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(kEnumerators<T> > 0, "state the enum in enums.h");
    const auto number = static_cast<std::uint16_t>(wire);
    if (number >= kEnumerators<T>) throw Malformed("enumerator out of range");
    value = static_cast<T>(number);
  } else {
    value = wire;
  }
}

template <class Wire>
Wire bytes_to_wire(const std::string& text) {
  if constexpr (std::is_same_v<Wire, capnp::Text::Reader>)
    return capnp::Text::Reader(text.c_str(), text.size());
  else
    return capnp::Data::Reader(reinterpret_cast<const kj::byte*>(text.data()), text.size());
}

template <class Wire>
void bytes_from_wire(Wire wire, std::string& text) {
  text.assign(reinterpret_cast<const char*>(wire.begin()), wire.size());
}

template <class ListBuilder, class T>
void put_list(ListBuilder list, const std::vector<T>& values) {
  unsigned i = 0;
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, std::string>)
      list.set(i, capnp::Text::Reader(value.c_str(), value.size()));
    else if constexpr (is_scalar<T>)
      list.set(i, value);
    else
      Codec<T>::put(list[i], value);
    ++i;
  }
}

template <class ListReader, class T>
void take_list(ListReader list, std::vector<T>& values) {
  values.reserve(list.size());
  for (auto item : list) {
    T& value = values.emplace_back();
    if constexpr (std::is_same_v<T, std::string>)
      bytes_from_wire(item, value);
    else if constexpr (is_scalar<T>)
      from_wire(item, value);
    else
      Codec<T>::take(item, value);
  }
}

}  // namespace windlass::codec

// ---- one field, in each direction; `b` is the builder, `r` the reader, `v` the value ----------

#define WINDLASS_PUT(member, Name)                                                       \
  {                                                                                      \
    using T = std::remove_cvref_t<decltype(v.member)>;                                   \
    using Wire = decltype(b.asReader().get##Name());                                     \
    if constexpr (is_scalar<T>) {                                                        \
      b.set##Name(to_wire<Wire>(v.member));                                              \
    } else if constexpr (std::is_same_v<T, std::string>) {                               \
      if (!v.member.empty()) b.set##Name(bytes_to_wire<Wire>(v.member));                 \
    } else if constexpr (is_list<T>) {                                                   \
      if (!v.member.empty())                                                             \
        put_list(b.init##Name(static_cast<unsigned>(v.member.size())), v.member);        \
    } else if constexpr (is_optional<T>) {                                               \
      using U = typename T::value_type;                                                  \
      if (v.member) {                                                                    \
        if constexpr (is_scalar<U>) {                                                    \
          auto wrapped = b.init##Name();                                                 \
          wrapped.setValue(to_wire<decltype(wrapped.asReader().getValue())>(*v.member)); \
        } else if constexpr (std::is_same_v<U, std::string>) {                           \
          b.set##Name(bytes_to_wire<Wire>(*v.member));                                   \
        } else if constexpr (is_list<U>) {                                               \
          put_list(b.init##Name(static_cast<unsigned>(v.member->size())), *v.member);    \
        } else {                                                                         \
          Codec<U>::put(b.init##Name(), *v.member);                                      \
        }                                                                                \
      }                                                                                  \
    } else {                                                                             \
      Codec<T>::put(b.init##Name(), v.member);                                           \
    }                                                                                    \
  }

#define WINDLASS_TAKE(member, Name)                                \
  {                                                                \
    using T = std::remove_cvref_t<decltype(v.member)>;             \
    if constexpr (is_scalar<T>) {                                  \
      from_wire(r.get##Name(), v.member);                          \
    } else if constexpr (std::is_same_v<T, std::string>) {         \
      v.member.clear(); /* some have a default */                  \
      if (r.has##Name()) bytes_from_wire(r.get##Name(), v.member); \
    } else if constexpr (is_list<T>) {                             \
      if (r.has##Name()) take_list(r.get##Name(), v.member);       \
    } else if constexpr (is_optional<T>) {                         \
      using U = typename T::value_type;                            \
      if (r.has##Name()) {                                         \
        U& inner = v.member.emplace();                             \
        if constexpr (is_scalar<U>) {                              \
          from_wire(r.get##Name().getValue(), inner);              \
        } else if constexpr (std::is_same_v<U, std::string>) {     \
          bytes_from_wire(r.get##Name(), inner);                   \
        } else if constexpr (is_list<U>) {                         \
          take_list(r.get##Name(), inner);                         \
        } else {                                                   \
          Codec<U>::take(r.get##Name(), inner);                    \
        }                                                          \
      }                                                            \
    } else {                                                       \
      Codec<T>::take(r.get##Name(), v.member);                     \
    }                                                              \
  }

// One alternative of a variant and its member of the Cap'n Proto union: (type, getter, enumerator).
#define WINDLASS_PUT_CASE(Type, Name, ENUMERATOR) \
  if constexpr (std::is_same_v<A, Type>) Codec<Type>::put(b.init##Name(), alternative);
#define WINDLASS_TAKE_CASE(Type, Name, ENUMERATOR)                \
  case Wire::ENUMERATOR:                                          \
    Codec<Type>::take(r.get##Name(), v.template emplace<Type>()); \
    return;

// ---- for each parenthesised argument ----------------------------------------------------------

#define WINDLASS_PARENTHESES ()
#define WINDLASS_EXPAND(...) WINDLASS_EXPAND2(WINDLASS_EXPAND2(WINDLASS_EXPAND2(__VA_ARGS__)))
#define WINDLASS_EXPAND2(...) WINDLASS_EXPAND3(WINDLASS_EXPAND3(WINDLASS_EXPAND3(__VA_ARGS__)))
#define WINDLASS_EXPAND3(...) WINDLASS_EXPAND4(WINDLASS_EXPAND4(WINDLASS_EXPAND4(__VA_ARGS__)))
#define WINDLASS_EXPAND4(...) WINDLASS_EXPAND5(WINDLASS_EXPAND5(WINDLASS_EXPAND5(__VA_ARGS__)))
#define WINDLASS_EXPAND5(...) __VA_ARGS__
#define WINDLASS_FOR_EACH(MACRO, ...) \
  __VA_OPT__(WINDLASS_EXPAND(WINDLASS_FOR_EACH_NEXT(MACRO, __VA_ARGS__)))
#define WINDLASS_FOR_EACH_NEXT(MACRO, first, ...) \
  MACRO first __VA_OPT__(WINDLASS_FOR_EACH_AGAIN WINDLASS_PARENTHESES(MACRO, __VA_ARGS__))
#define WINDLASS_FOR_EACH_AGAIN() WINDLASS_FOR_EACH_NEXT

#define WINDLASS_FIELDS(...)                                           \
  template <class B, class V>                                          \
  static void put([[maybe_unused]] B b, [[maybe_unused]] const V& v) { \
    WINDLASS_FOR_EACH(WINDLASS_PUT, __VA_ARGS__)                       \
  }                                                                    \
  template <class R, class V>                                          \
  static void take([[maybe_unused]] R r, [[maybe_unused]] V& v) {      \
    WINDLASS_FOR_EACH(WINDLASS_TAKE, __VA_ARGS__)                      \
  }

#define WINDLASS_STRUCT(Type, ...) \
  template <>                      \
  struct Codec<Type> {             \
    WINDLASS_FIELDS(__VA_ARGS__)   \
  };

#define WINDLASS_VARIANT(Type, WireType, ...)                                   \
  template <>                                                                   \
  struct Codec<Type> {                                                          \
    template <class B, class V>                                                 \
    static void put(B b, const V& v) {                                          \
      std::visit(                                                               \
          [&b](const auto& alternative) {                                       \
            using A = std::remove_cvref_t<decltype(alternative)>;               \
            WINDLASS_FOR_EACH(WINDLASS_PUT_CASE, __VA_ARGS__)                   \
          },                                                                    \
          v);                                                                   \
    }                                                                           \
    template <class R, class V>                                                 \
    static void take(R r, V& v) {                                               \
      using Wire = WireType;                                                    \
      switch (r.which()) { WINDLASS_FOR_EACH(WINDLASS_TAKE_CASE, __VA_ARGS__) } \
      throw Malformed("unknown alternative");                                   \
    }                                                                           \
  };

// The model enum ends with `last`, and so does the schema's, at the same place.
#define WINDLASS_ENUM(Type, last, LAST)                                              \
  static_assert(static_cast<int>(Type::last) == static_cast<int>(wire::Type::LAST)); \
  template <>                                                                        \
  inline constexpr int kEnumerators<Type> = static_cast<int>(Type::last) + 1;
