/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * compose_defaults.c - the app-compose that a policy leaves out.
 */
#include "assay/compose.h"
#include "base/bytes.h"

/* The script is another's text. It is named by its hash and not shipped. */
static const char text[] =
    "{\"allowed_envs\":[],"
    "\"docker_compose_file\":\"\","
    "\"features\":[\"kms\",\"tproxy-net\"],"
    "\"gateway_enabled\":true,"
    "\"kms_enabled\":true,"
    "\"local_key_provider_enabled\":false,"
    "\"manifest_version\":2,"
    "\"name\":\"\","
    "\"no_instance_id\":false,"
    "\"pre_launch_script\":{\"sha256\":["
    "\"edd7311d8caed101ff09506a65c29c2bf5739af1b0fffe4dd545fa0f0c86b59f\"]},"
    "\"public_logs\":true,"
    "\"public_sysinfo\":true,"
    "\"public_tcbinfo\":true,"
    "\"runner\":\"docker-compose\","
    "\"secure_time\":false,"
    "\"storage_fs\":\"zfs\","
    "\"tproxy_enabled\":true}";

struct assay_slice
assay_compose_default(void)
{
    return assay_slice_of(text);
}
