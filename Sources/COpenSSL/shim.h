// SPDX-License-Identifier: Apache-2.0
#ifndef AGGBOOTSTRAP_COPENSSL_SHIM_H
#define AGGBOOTSTRAP_COPENSSL_SHIM_H
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/opensslv.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/prctl.h>

/* What Swift does not import: combined macros and variadic functions. */

/* Name text as RFC 2253 has it; without ASN1_STRFLGS_ESC_MSB, characters beyond ASCII stay readable. */
static inline unsigned long aggbootstrap_name_flags_rfc2253(void) { return XN_FLAG_RFC2253; }
static inline unsigned long aggbootstrap_name_flags_readable(void)
{
    return XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
}

/* 0, or -1 with errno. */
static inline int aggbootstrap_set_not_dumpable(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
/* 1 where a core dump or a tracer of the same user could read this process, else 0; -1 with errno. */
static inline int aggbootstrap_get_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }
#endif
