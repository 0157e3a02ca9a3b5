package interpose

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// layout is a C program whose compiler compares our part of PJRT's interface with all of it.
const layout = `
#include <stddef.h>
#include "pjrt_c_api.h"
#include "pjrt.h"

#define AT(f) (offsetof(PJRT_Api, f) - offsetof(PJRT_Api, PJRT_Error_Destroy))
#define PLACE(ours, f) _Static_assert(AT(f) == (ours) * sizeof(gomtl_function), #f)
#define FIELD(ours, a, theirs, b) _Static_assert(offsetof(ours, a) == offsetof(theirs, b), #theirs " " #b)
#define SIZE(ours, theirs) _Static_assert(sizeof(ours) == sizeof(theirs), #theirs)

FIELD(gomtl_table, functions, PJRT_Api, PJRT_Error_Destroy);
FIELD(gomtl_table, version.major, PJRT_Api, pjrt_api_version.major_version);
FIELD(gomtl_table, version.minor, PJRT_Api, pjrt_api_version.minor_version);
PLACE(GOMTL_ERROR_DESTROY, PJRT_Error_Destroy);
PLACE(GOMTL_CLIENT_PLATFORM_NAME, PJRT_Client_PlatformName);
PLACE(GOMTL_CLIENT_PLATFORM_VERSION, PJRT_Client_PlatformVersion);
PLACE(GOMTL_CLIENT_ADDRESSABLE_DEVICES, PJRT_Client_AddressableDevices);
PLACE(GOMTL_CLIENT_COMPILE, PJRT_Client_Compile);
PLACE(GOMTL_DEVICE_DESCRIPTION_KIND, PJRT_DeviceDescription_Kind);
PLACE(GOMTL_DEVICE_DESCRIPTION_TO_STRING, PJRT_DeviceDescription_ToString);
PLACE(GOMTL_DEVICE_GET_DESCRIPTION, PJRT_Device_GetDescription);
PLACE(GOMTL_EXECUTABLE_DESTROY, PJRT_Executable_Destroy);
PLACE(GOMTL_EXECUTABLE_SERIALIZE, PJRT_Executable_Serialize);
PLACE(GOMTL_LOADED_EXECUTABLE_GET_EXECUTABLE, PJRT_LoadedExecutable_GetExecutable);
PLACE(GOMTL_EXECUTABLE_DESERIALIZE_AND_LOAD, PJRT_Executable_DeserializeAndLoad);
_Static_assert(GOMTL_FUNCTIONS > GOMTL_EXECUTABLE_DESERIALIZE_AND_LOAD, "the table must have all of them");

SIZE(gomtl_destroy, PJRT_Error_Destroy_Args);
FIELD(gomtl_destroy, object, PJRT_Error_Destroy_Args, error);
SIZE(gomtl_destroy, PJRT_Executable_Destroy_Args);
FIELD(gomtl_destroy, object, PJRT_Executable_Destroy_Args, executable);
FIELD(gomtl_text, object, PJRT_Client_PlatformName_Args, client);
FIELD(gomtl_text, text, PJRT_Client_PlatformName_Args, platform_name);
FIELD(gomtl_text, text_size, PJRT_Client_PlatformName_Args, platform_name_size);
SIZE(gomtl_text, PJRT_Client_PlatformName_Args);
FIELD(gomtl_text, text, PJRT_Client_PlatformVersion_Args, platform_version);
FIELD(gomtl_text, text_size, PJRT_Client_PlatformVersion_Args, platform_version_size);
SIZE(gomtl_text, PJRT_Client_PlatformVersion_Args);
FIELD(gomtl_text, object, PJRT_DeviceDescription_Kind_Args, device_description);
FIELD(gomtl_text, text, PJRT_DeviceDescription_Kind_Args, device_kind);
FIELD(gomtl_text, text_size, PJRT_DeviceDescription_Kind_Args, device_kind_size);
SIZE(gomtl_text, PJRT_DeviceDescription_Kind_Args);
FIELD(gomtl_text, text, PJRT_DeviceDescription_ToString_Args, to_string);
FIELD(gomtl_text, text_size, PJRT_DeviceDescription_ToString_Args, to_string_size);
SIZE(gomtl_text, PJRT_DeviceDescription_ToString_Args);
FIELD(gomtl_part, object, PJRT_Device_GetDescription_Args, device);
FIELD(gomtl_part, part, PJRT_Device_GetDescription_Args, device_description);
SIZE(gomtl_part, PJRT_Device_GetDescription_Args);
FIELD(gomtl_part, object, PJRT_LoadedExecutable_GetExecutable_Args, loaded_executable);
FIELD(gomtl_part, part, PJRT_LoadedExecutable_GetExecutable_Args, executable);
SIZE(gomtl_part, PJRT_LoadedExecutable_GetExecutable_Args);
FIELD(gomtl_devices, client, PJRT_Client_AddressableDevices_Args, client);
FIELD(gomtl_devices, devices, PJRT_Client_AddressableDevices_Args, addressable_devices);
FIELD(gomtl_devices, num_devices, PJRT_Client_AddressableDevices_Args, num_addressable_devices);
SIZE(gomtl_devices, PJRT_Client_AddressableDevices_Args);
FIELD(gomtl_program, code, PJRT_Program, code);
FIELD(gomtl_program, code_size, PJRT_Program, code_size);
FIELD(gomtl_program, format, PJRT_Program, format);
FIELD(gomtl_program, format_size, PJRT_Program, format_size);
FIELD(gomtl_compile, client, PJRT_Client_Compile_Args, client);
FIELD(gomtl_compile, program, PJRT_Client_Compile_Args, program);
FIELD(gomtl_compile, options, PJRT_Client_Compile_Args, compile_options);
FIELD(gomtl_compile, options_size, PJRT_Client_Compile_Args, compile_options_size);
FIELD(gomtl_compile, executable, PJRT_Client_Compile_Args, executable);
FIELD(gomtl_serialize, executable, PJRT_Executable_Serialize_Args, executable);
FIELD(gomtl_serialize, bytes, PJRT_Executable_Serialize_Args, serialized_bytes);
FIELD(gomtl_serialize, bytes_size, PJRT_Executable_Serialize_Args, serialized_bytes_size);
FIELD(gomtl_serialize, holder, PJRT_Executable_Serialize_Args, serialized_executable);
FIELD(gomtl_serialize, destroy_holder, PJRT_Executable_Serialize_Args, serialized_executable_deleter);
SIZE(gomtl_serialize, PJRT_Executable_Serialize_Args);
FIELD(gomtl_load, client, PJRT_Executable_DeserializeAndLoad_Args, client);
FIELD(gomtl_load, bytes, PJRT_Executable_DeserializeAndLoad_Args, serialized_executable);
FIELD(gomtl_load, bytes_size, PJRT_Executable_DeserializeAndLoad_Args, serialized_executable_size);
FIELD(gomtl_load, executable, PJRT_Executable_DeserializeAndLoad_Args, loaded_executable);
FIELD(gomtl_load, options, PJRT_Executable_DeserializeAndLoad_Args, overridden_serialized_compile_options);
FIELD(gomtl_load, options_size, PJRT_Executable_DeserializeAndLoad_Args, overridden_serialized_compile_options_size);
SIZE(gomtl_load, PJRT_Executable_DeserializeAndLoad_Args);
`

// TestInterface compares pjrt.h with the header of the go-xla in use, by the C compiler that cgo takes.
func TestInterface(t *testing.T) {
	dir := output(t, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla")
	source := filepath.Join(t.TempDir(), "layout.c")
	if err := os.WriteFile(source, []byte(layout), 0o600); err != nil {
		t.Fatal(err)
	}
	compiler := strings.Fields(output(t, "go", "env", "CC"))
	args := append(compiler[1:], "-std=c11", "-fsyntax-only", "-I.", "-I"+filepath.Join(dir, "pjrt"), source)
	if out, err := exec.Command(compiler[0], args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
