//go:build cgo

#include "interpose.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

const gomtl_table *gomtl_open(const char *path, const char **why) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) {
    *why = dlerror();
    return NULL;
  }
  const gomtl_table *(*get)(void) = (const gomtl_table *(*)(void))dlsym(library, "GetPjrtApi");
  const gomtl_table *table = get == NULL ? NULL : get();
  if (table == NULL) {
    *why = "it has no table of functions";
  }
  return table;
}

// A compile function gets no data of its own, so each slot has one.
static void *compile_0(void *a) { return gomtlCompile(0, a); }
static void *compile_1(void *a) { return gomtlCompile(1, a); }
static void *compile_2(void *a) { return gomtlCompile(2, a); }
static void *compile_3(void *a) { return gomtlCompile(3, a); }
static const gomtl_function compile_in[GOMTL_SLOTS] = {compile_0, compile_1, compile_2, compile_3};

gomtl_table *gomtl_copy(const gomtl_table *table, int slot) {
  gomtl_table *copy = malloc(table->struct_size);
  if (copy != NULL) {
    memcpy(copy, table, table->struct_size);
    copy->functions[GOMTL_CLIENT_COMPILE] = compile_in[slot];
  }
  return copy;
}

void *gomtl_call(const gomtl_table *table, int function, void *arguments) {
  return table->functions[function](arguments);
}

static void destroy(const gomtl_table *table, int function, void *object) {
  gomtl_destroy arguments = {sizeof arguments, NULL, object};
  ((void (*)(void *))table->functions[function])(&arguments);
}

// failed frees an error and says whether there was one.
static int failed(const gomtl_table *table, void *error) {
  if (error != NULL) {
    destroy(table, GOMTL_ERROR_DESTROY, error);
  }
  return error != NULL;
}

int gomtl_load_program(const gomtl_table *table, void *client, const char *bytes, size_t size, void **executable) {
  gomtl_load load = {sizeof load, NULL, client, bytes, size, NULL, NULL, 0};
  if (failed(table, gomtl_call(table, GOMTL_EXECUTABLE_DESERIALIZE_AND_LOAD, &load))) {
    return 0;
  }
  *executable = load.executable;
  return load.executable != NULL;
}

int gomtl_serialize_program(const gomtl_table *table, void *executable, gomtl_serialize *serialized) {
  gomtl_part get = {sizeof get, NULL, executable, NULL};
  if (failed(table, gomtl_call(table, GOMTL_LOADED_EXECUTABLE_GET_EXECUTABLE, &get))) {
    return 0;
  }
  memset(serialized, 0, sizeof *serialized);
  serialized->struct_size = sizeof *serialized;
  serialized->executable = get.part;
  int refused = failed(table, gomtl_call(table, GOMTL_EXECUTABLE_SERIALIZE, serialized));
  destroy(table, GOMTL_EXECUTABLE_DESTROY, get.part);
  return !refused;
}

void gomtl_free_serialized(gomtl_serialize *serialized) {
  if (serialized->destroy_holder != NULL) {
    serialized->destroy_holder(serialized->holder);
  }
}

int gomtl_platform(const gomtl_table *table, void *client, gomtl_text *version, gomtl_text *kind, size_t *count) {
  gomtl_text v = {sizeof v, NULL, client, NULL, 0};
  gomtl_devices devices = {sizeof devices, NULL, client, NULL, 0};
  if (failed(table, gomtl_call(table, GOMTL_CLIENT_PLATFORM_VERSION, &v)) ||
      failed(table, gomtl_call(table, GOMTL_CLIENT_ADDRESSABLE_DEVICES, &devices)) || devices.num_devices == 0) {
    return 0;
  }
  gomtl_part description = {sizeof description, NULL, devices.devices[0], NULL};
  if (failed(table, gomtl_call(table, GOMTL_DEVICE_GET_DESCRIPTION, &description))) {
    return 0;
  }
  gomtl_text k = {sizeof k, NULL, description.part, NULL, 0};
  if (failed(table, gomtl_call(table, GOMTL_DEVICE_DESCRIPTION_KIND, &k))) {
    return 0;
  }
  *version = v;
  *kind = k;
  *count = devices.num_devices;
  return 1;
}
