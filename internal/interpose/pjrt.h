// The part of PJRT's C interface that keeping compiled programs needs: the layout of a few argument
// structures and the places of a few functions in the table. Both only ever grow at their ends
// within a major version of the interface. A test compares them with the header that
// go-xla is built with.

#ifndef GOMTL_PJRT_H_
#define GOMTL_PJRT_H_

#include <stddef.h>
#include <stdint.h>

typedef void *(*gomtl_function)(void *arguments);  // returns an error or NULL

typedef struct {
  size_t struct_size;
  void *extension;
  struct {
    size_t struct_size;
    void *extension;
    int major, minor;
  } version;
  gomtl_function functions[];
} gomtl_table;

// Places of functions in the table.
enum {
  GOMTL_ERROR_DESTROY = 0,
  GOMTL_CLIENT_PLATFORM_NAME = 12,
  GOMTL_CLIENT_PLATFORM_VERSION = 14,
  GOMTL_CLIENT_ADDRESSABLE_DEVICES = 16,
  GOMTL_CLIENT_COMPILE = 20,
  GOMTL_DEVICE_DESCRIPTION_KIND = 26,
  GOMTL_DEVICE_DESCRIPTION_TO_STRING = 28,
  GOMTL_DEVICE_GET_DESCRIPTION = 29,
  GOMTL_EXECUTABLE_DESTROY = 40,
  GOMTL_EXECUTABLE_SERIALIZE = 49,
  GOMTL_LOADED_EXECUTABLE_GET_EXECUTABLE = 51,
  GOMTL_EXECUTABLE_DESERIALIZE_AND_LOAD = 56,
  GOMTL_FUNCTIONS = 57,  // how many of them the table must have
};

// Error_Destroy and Executable_Destroy.
typedef struct {
  size_t struct_size;
  void *extension;
  void *object;
} gomtl_destroy;

// Client_PlatformName and _PlatformVersion, DeviceDescription_Kind and _ToString.
typedef struct {
  size_t struct_size;
  void *extension;
  void *object;
  const char *text;
  size_t text_size;
} gomtl_text;

// Device_GetDescription and LoadedExecutable_GetExecutable.
typedef struct {
  size_t struct_size;
  void *extension;
  void *object;
  void *part;
} gomtl_part;

typedef struct {
  size_t struct_size;
  void *extension;
  void *client;
  void *const *devices;
  size_t num_devices;
} gomtl_devices;

typedef struct {
  size_t struct_size;
  void *extension;
  char *code;
  size_t code_size;
  const char *format;
  size_t format_size;
} gomtl_program;

typedef struct {
  size_t struct_size;
  void *extension;
  void *client;
  const gomtl_program *program;
  const char *options;
  size_t options_size;
  void *executable;
} gomtl_compile;

typedef struct {
  size_t struct_size;
  void *extension;
  const void *executable;
  const char *bytes;
  size_t bytes_size;
  void *holder;
  void (*destroy_holder)(void *holder);
} gomtl_serialize;

typedef struct {
  size_t struct_size;
  void *extension;
  void *client;
  const char *bytes;
  size_t bytes_size;
  void *executable;
  const char *options;
  size_t options_size;
} gomtl_load;

#endif
