//go:build cgo && (linux || darwin)

#include "interpose.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "_cgo_export.h"

const gomtl_table *gomtl_open(const char *path, const char **why) {
  void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
  if (library == NULL) {
    *why = "it is not loaded";
    return NULL;
  }
  const gomtl_table *(*get)(void) = (const gomtl_table *(*)(void))dlsym(library, "GetPjrtApi");
  const gomtl_table *table = get == NULL ? NULL : get();
  dlclose(library);  // who loaded it holds it
  if (table == NULL) {
    *why = "it has no table of functions";
  }
  return table;
}

// A compile function is given no data but its arguments, so each slot has one.
static void *compile_0(void *a) { return gomtlCompile(0, a); }
static void *compile_1(void *a) { return gomtlCompile(1, a); }
static void *compile_2(void *a) { return gomtlCompile(2, a); }
static void *compile_3(void *a) { return gomtlCompile(3, a); }
static const gomtl_function compile_in[GOMTL_SLOTS] = {compile_0, compile_1, compile_2, compile_3};

gomtl_function gomtl_hook(gomtl_table *table, int slot) {
  gomtl_function *entry = &table->functions[GOMTL_CLIENT_COMPILE];
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  // Some linkers put tables on pages that are closed to writing once the library is loaded.
  if (mprotect((void *)((uintptr_t)entry & ~(page - 1)), page, PROT_READ | PROT_WRITE) != 0) {
    return NULL;
  }
  return __atomic_exchange_n(entry, compile_in[slot], __ATOMIC_SEQ_CST);
}

void *gomtl_compile_with(gomtl_function compile, gomtl_compile *arguments) { return compile(arguments); }

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

// append adds a text and the end of a line where there is room for both, and returns the length so far.
static size_t append(char *text, size_t length, size_t room, gomtl_text more) {
  if (length + more.text_size + 1 > room) {
    return length;
  }
  memcpy(text + length, more.text, more.text_size);
  text[length + more.text_size] = '\n';
  return length + more.text_size + 1;
}

size_t gomtl_describe(const gomtl_table *table, void *client, char *text, size_t room) {
  static const int of_client[] = {GOMTL_CLIENT_PLATFORM_NAME, GOMTL_CLIENT_PLATFORM_VERSION};
  static const int of_device[] = {GOMTL_DEVICE_DESCRIPTION_KIND, GOMTL_DEVICE_DESCRIPTION_TO_STRING};
  size_t length = 0;
  for (int i = 0; i < 2; i++) {
    gomtl_text get = {sizeof get, NULL, client, NULL, 0};
    if (failed(table, gomtl_call(table, of_client[i], &get))) {
      return 0;
    }
    length = append(text, length, room, get);
  }
  gomtl_devices devices = {sizeof devices, NULL, client, NULL, 0};
  if (failed(table, gomtl_call(table, GOMTL_CLIENT_ADDRESSABLE_DEVICES, &devices))) {
    return 0;
  }
  for (size_t d = 0; d < devices.num_devices; d++) {
    gomtl_part description = {sizeof description, NULL, devices.devices[d], NULL};
    if (failed(table, gomtl_call(table, GOMTL_DEVICE_GET_DESCRIPTION, &description))) {
      return 0;
    }
    for (int i = 0; i < 2; i++) {
      gomtl_text get = {sizeof get, NULL, description.part, NULL, 0};
      if (failed(table, gomtl_call(table, of_device[i], &get))) {
        return 0;
      }
      length = append(text, length, room, get);
    }
  }
  return length;
}
