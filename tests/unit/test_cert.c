/* SPDX-FileCopyrightText: The Assay authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * test_cert.c - certificates: one good PCK certificate and what becomes of it
 * when one thing in it is changed.
 */
#include "pki/cert.h"

#include "harness/der_edit.h"
#include "harness/trial.h"
#include "pki/chain.h"

/* Places in the good certificate. */
#define VERSION   "a003020102"
#define SERIAL    "0215008622c04f"
#define ALGORITHM "300a06082a8648ce3d040302"
/* the last octets of the SGX extension before it */
#define OUTER_ALGORITHM "0101ff300a06082a8648ce3d040302"
#define SUBJECT         "3122302006035504030c19496e74656c205347582050434b204365"
#define SUBJECT_CN      "0c19496e74656c205347582050434b204365"
#define ISSUER_CN       "0c19496e74656c205347582050434b20506c"
#define NOT_BEFORE      "170d3235"
#define NOT_AFTER       "170d3332"
#define PUBLIC_KEY      "3059301306072a8648ce3d0201"
#define CURVE           "06082a8648ce3d030107"
#define POINT           "03420004"
#define EXTENSIONS      "a382030c"
#define FIRST_EXTENSION "301f0603551d23"
#define KEY_USAGE       "0603551d0f0101ff0404"
#define CONSTRAINTS     "0603551d130101ff0402"
#define AKI             "0603551d230418"
#define SKI             "0603551d0e0416"
#define CRL_POINTS      "0603551d1f0464"
#define SIGNATURE       "034800304502"
#define CN_STRANGER     "310b300906035504030c024341"

#define X4(x)  x x x x
#define X16(x) X4(X4(x))
#define ZERO20 X16("00") X4("00")
#define FF32   X16("ff") X16("ff")
/* a harmless extension 1.3.6.1.5.5.7.n */
#define HARM(n) "300b06072b0601050507" n "0400"

struct row {
    const char *name;
    struct der_edit edit;
    enum assay_code code;
    const char *msg;
    long at; /* from the edit */
};

static const struct row rows[] = {
    {"good", {NULL, 0, 0, ""}, ASSAY_OK, "", 0},
    /* version */
    {"version 1",
     {VERSION, 0, 5, ""},
     ASSAY_UNSUPPORTED,
     "version: X.509 version 1, not 3",
     0},
    {"version 1, written",
     {VERSION, 0, 5, "a003020100"},
     ASSAY_UNSUPPORTED,
     "version: not X.509 version 3",
     2},
    {"version 2",
     {VERSION, 0, 5, "a003020101"},
     ASSAY_UNSUPPORTED,
     "version: not X.509 version 3",
     2},
    {"version 4",
     {VERSION, 0, 5, "a003020103"},
     ASSAY_UNSUPPORTED,
     "version: not X.509 version 3",
     2},
    {"version padded",
     {VERSION, 0, 5, "a00402020002"},
     ASSAY_MALFORMED,
     "version: integer is not in its shortest form",
     2},
    {"version negative",
     {VERSION, 0, 5, "a003020182"},
     ASSAY_MALFORMED,
     "version: integer is negative",
     2},
    {"two versions",
     {VERSION, 0, 5, "a006020102020102"},
     ASSAY_MALFORMED,
     "version: 3 bytes left over",
     5},
    {"version of indefinite length",
     {VERSION, 0, 5, "a0800201020000"},
     ASSAY_MALFORMED,
     "version: indefinite",
     1},
    {"version's length not shortest",
     {VERSION, 0, 5, "a08103020102"},
     ASSAY_MALFORMED,
     "version: length is not in its shortest form",
     1},
    {"primitive version",
     {VERSION, 0, 5, "8003020102"},
     ASSAY_MALFORMED,
     "version: tag 0x80 where 0xa0 is due",
     0},
    /* serial number */
    {"serial 1", {SERIAL, 0, 23, "020101"}, ASSAY_OK, "", 0},
    {"serial of 20 octets, top bit set",
     {SERIAL, 0, 23, "021500" X16("ff") X4("ff")},
     ASSAY_OK,
     "",
     0},
    {"serial of 22 octets",
     {SERIAL, 0, 23, "021601" ZERO20 "00"},
     ASSAY_MALFORMED,
     "serialNumber: above 20 octets",
     24},
    {"serial without octets",
     {SERIAL, 0, 23, "0200"},
     ASSAY_MALFORMED,
     "serialNumber: integer is not in its shortest form",
     0},
    {"serial padded",
     {SERIAL, 0, 23, "02020001"},
     ASSAY_MALFORMED,
     "serialNumber: integer is not in its shortest form",
     0},
    {"serial negative",
     {SERIAL, 0, 23, "020180"},
     ASSAY_MALFORMED,
     "serialNumber: integer is negative",
     0},
    {"serial is an octet string",
     {SERIAL, 0, 23, "040101"},
     ASSAY_MALFORMED,
     "serialNumber: tag 0x04 where 0x02 is due",
     0},
    {"serial's tag of several octets",
     {SERIAL, 0, 23, "1f020101"},
     ASSAY_MALFORMED,
     "serialNumber: tag of several octets",
     0},
    /* algorithms */
    {"inner SHA-384",
     {ALGORITHM, 0, 12, "300a06082a8648ce3d040303"},
     ASSAY_UNSUPPORTED,
     "tbsCertificate.signature: not ecdsa-with-SHA256",
     0},
    {"inner RSA",
     {ALGORITHM, 0, 12, "300d06092a864886f70d01010b0500"},
     ASSAY_UNSUPPORTED,
     "tbsCertificate.signature: not ecdsa-with-SHA256",
     0},
    {"inner with NULL",
     {ALGORITHM, 0, 12, "300c06082a8648ce3d0403020500"},
     ASSAY_MALFORMED,
     "tbsCertificate.signature: 2 bytes left over",
     12},
    {"outer SHA-384",
     {OUTER_ALGORITHM, 3, 12, "300a06082a8648ce3d040303"},
     ASSAY_UNSUPPORTED,
     "signatureAlgorithm: not ecdsa-with-SHA256",
     0},
    {"outer with NULL",
     {OUTER_ALGORITHM, 3, 12, "300c06082a8648ce3d0403020500"},
     ASSAY_MALFORMED,
     "signatureAlgorithm: 2 bytes left over",
     12},
    {"outer left out",
     {OUTER_ALGORITHM, 3, 12, ""},
     ASSAY_MALFORMED,
     "signatureAlgorithm: tag 0x03 where 0x30 is due",
     0},
    {"something before it",
     {OUTER_ALGORITHM, 3, 0, "0500"},
     ASSAY_MALFORMED,
     "signatureAlgorithm: tag 0x05 where 0x30 is due",
     0},
    /* names */
    {"common name as PrintableString",
     {SUBJECT_CN, 0, 1, "13"},
     ASSAY_OK,
     "",
     0},
    {"common name as BMPString",
     {SUBJECT_CN, 0, 1, "1e"},
     ASSAY_UNSUPPORTED,
     "subject: more than one common name, or not UTF-8",
     NOWHERE},
    {"issuer's common name as BMPString",
     {ISSUER_CN, 0, 1, "1e"},
     ASSAY_UNSUPPORTED,
     "issuer: more than one common name, or not UTF-8",
     NOWHERE},
    {"two common names",
     {SUBJECT, 0, 0, CN_STRANGER},
     ASSAY_UNSUPPORTED,
     "subject: more than one common name",
     13},
    {"empty part of a name",
     {SUBJECT, 0, 0, "3100"},
     ASSAY_TRUNCATED,
     "subject: need 1 bytes, have 0",
     2},
    {"two values in one part",
     {SUBJECT, 0, 0, "3112300706035504060c00300706035504070c00"},
     ASSAY_MALFORMED,
     "subject: 9 bytes left over",
     11},
    {"attribute with two values",
     {SUBJECT, 0, 0, "310b300906035504060c000c00"},
     ASSAY_MALFORMED,
     "subject: 2 bytes left over",
     11},
    {"attribute without value",
     {SUBJECT, 0, 0, "310730050603550406"},
     ASSAY_TRUNCATED,
     "subject: need 1 bytes, have 0",
     9},
    {"part that is no set",
     {SUBJECT, 0, 0, "3009300706035504060c00"},
     ASSAY_MALFORMED,
     "subject: tag 0x30 where 0x31 is due",
     0},
    {"zero octets in a name",
     {SUBJECT, 0, 0, "0000"},
     ASSAY_MALFORMED,
     "subject: 114 bytes left over",
     0},
    {"zero octets in the issuer's name",
     {"30703122", 2, 0, "0000"},
     ASSAY_MALFORMED,
     "issuer: 114 bytes left over",
     0},
    /* validity */
    {"GeneralizedTime before 2050",
     {NOT_BEFORE, 0, 15, "180f32303235313132353134313332305a"},
     ASSAY_MALFORMED,
     "validity.notBefore: GeneralizedTime before 2050",
     0},
    {"GeneralizedTime from 2050",
     {NOT_AFTER, 0, 15, "180f32303530303130313030303030305a"},
     ASSAY_OK,
     "",
     0},
    {"UTCTime without seconds",
     {NOT_BEFORE, 0, 15, "170b323531313235313431335a"},
     ASSAY_MALFORMED,
     "validity.notBefore: \"2511251413Z\" is not",
     0},
    {"UTCTime with an offset",
     {NOT_AFTER, 0, 15, "17113332303932393134313332302b30303030"},
     ASSAY_MALFORMED,
     "validity.notAfter: \"320929141320+0000\" is not",
     0},
    {"month 13",
     {NOT_AFTER, 0, 15, "170d3332313332393134313332305a"},
     ASSAY_MALFORMED,
     "validity.notAfter: \"321329141320Z\" has no such month",
     0},
    {"one date",
     {NOT_AFTER, 0, 15, ""},
     ASSAY_TRUNCATED,
     "validity.notAfter: need 1 bytes, have 0",
     0},
    {"three dates",
     {NOT_AFTER, 0, 0, "170d3332303932393134313332305a"},
     ASSAY_MALFORMED,
     "validity: 15 bytes left over",
     15},
    /* public key */
    {"RSA key",
     {PUBLIC_KEY, 0, 91,
      "301a300d06092a864886f70d010101050003090030060201010"
      "20103"},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     0},
    {"P-384",
     {CURVE, 0, 10, "06052b81040022"},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"compressed point",
     {POINT, 0, 68, "03220002" FF32},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"hybrid point",
     {POINT, 3, 1, "06"},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"point of infinity",
     {POINT, 0, 68, "03020000"},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"point without octets",
     {POINT, 0, 68, "030100"},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"point an octet short",
     {POINT, 0, 5, "034004"},
     ASSAY_MALFORMED,
     "subjectPublicKeyInfo: bit string is not of whole octets",
     0},
    {"point with unused bits",
     {POINT, 2, 1, "01"},
     ASSAY_MALFORMED,
     "subjectPublicKeyInfo: bit string is not of whole octets",
     -2},
    {"key with explicit parameters",
     {CURVE, 0, 10, "06082a8648ce3d0301070500"},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"key without a curve",
     {CURVE, 0, 10, ""},
     ASSAY_UNSUPPORTED,
     "subjectPublicKeyInfo: not an uncompressed P-256 key",
     NOWHERE},
    {"two keys",
     {POINT, 0, 0, "030100"},
     ASSAY_MALFORMED,
     "subjectPublicKeyInfo: 68 bytes left over",
     3},
    /* what may stand around the extensions */
    {"issuer's unique identifier",
     {EXTENSIONS, 0, 0, "81020001"},
     ASSAY_MALFORMED,
     "extensions: tag 0x81 where 0xa3 is due",
     0},
    {"no extensions",
     {EXTENSIONS, 0, 784, ""},
     ASSAY_TRUNCATED,
     "extensions: need 1 bytes, have 0",
     0},
    {"an empty list of them",
     {EXTENSIONS, 0, 784, "a3023000"},
     ASSAY_OK,
     "",
     0},
    {"two lists of them",
     {EXTENSIONS, 0, 784, "a30430003000"},
     ASSAY_MALFORMED,
     "extensions: 2 bytes left over",
     4},
    {"something behind them",
     {EXTENSIONS, 0, 784, "a30230000500"},
     ASSAY_MALFORMED,
     "tbsCertificate: 2 bytes left over",
     4},
    {"zero octets before them",
     {FIRST_EXTENSION, 0, 0, "0000"},
     ASSAY_MALFORMED,
     "extensions: 778 bytes left over",
     0},
    {"extension that is a set",
     {FIRST_EXTENSION, 0, 0, "3100"},
     ASSAY_MALFORMED,
     "extension: tag 0x31 where 0x30 is due",
     0},
    {"extension without value",
     {FIRST_EXTENSION, 0, 0, "30050603551d23"},
     ASSAY_TRUNCATED,
     "extension.value: need 1 bytes, have 0",
     7},
    {"extension with two values",
     {FIRST_EXTENSION, 0, 0,
      HARM("10") "300d06072b060105050711040004"
                 "00"},
     ASSAY_MALFORMED,
     "extension: 2 bytes left over",
     26},
    {"not critical, but said so",
     {KEY_USAGE, 5, 3, "010100"},
     ASSAY_MALFORMED,
     "extension.critical: default value encoded",
     0},
    {"critical 01",
     {KEY_USAGE, 5, 3, "010101"},
     ASSAY_MALFORMED,
     "extension.critical: boolean is neither 00 nor ff",
     0},
    {"critical twice",
     {KEY_USAGE, 5, 3, "0101ff0101ff"},
     ASSAY_MALFORMED,
     "extension.value: tag 0x01 where 0x04 is due",
     3},
    {"unknown", {FIRST_EXTENSION, 0, 0, HARM("10")}, ASSAY_OK, "", 0},
    {"unknown and critical",
     {FIRST_EXTENSION, 0, 0,
      "300e06072b06010505071001"
      "01ff0400"},
     ASSAY_UNSUPPORTED,
     "extension: critical and unknown",
     0},
    {"certificate policies, critical",
     {FIRST_EXTENSION, 0, 0, "300c0603551d200101ff04023000"},
     ASSAY_UNSUPPORTED,
     "extension: critical and unknown",
     0},
    {"unknown twice",
     {FIRST_EXTENSION, 0, 0, HARM("10") HARM("10")},
     ASSAY_MALFORMED,
     "extension: occurs twice",
     13},
    {"key usage twice",
     {FIRST_EXTENSION, 0, 0, "300e0603551d0f0101ff0404030206c0"},
     ASSAY_MALFORMED,
     "extension: occurs twice",
     NOWHERE},
    {"SGX extension twice",
     {FIRST_EXTENSION, 0, 0, "300d06092a864886f84d010d010400"},
     ASSAY_MALFORMED,
     "extension: occurs twice",
     NOWHERE},
    {"16 extensions",
     {FIRST_EXTENSION, 0, 0,
      HARM("10") HARM("11") HARM("12") HARM("13") HARM("14") HARM("15")
          HARM("16") HARM("17") HARM("18") HARM("19")},
     ASSAY_OK,
     "",
     0},
    {"17 extensions",
     {FIRST_EXTENSION, 0, 0,
      HARM("10") HARM("11") HARM("12") HARM("13") HARM("14") HARM("15")
          HARM("16") HARM("17") HARM("18") HARM("19") HARM("1a")},
     ASSAY_TOO_LARGE,
     "extensions: more than 16",
     NOWHERE},
    {"name constraints",
     {FIRST_EXTENSION, 0, 0, "30090603551d1e04023000"},
     ASSAY_UNSUPPORTED,
     "nameConstraints: not handled",
     9},
    /* key usage */
    {"digitalSignature", {KEY_USAGE, 10, 4, "03020780"}, ASSAY_OK, "", 0},
    {"decipherOnly, the ninth bit",
     {KEY_USAGE, 8, 6, "04050303070080"},
     ASSAY_OK,
     "",
     0},
    {"key usage with a zero at its end",
     {KEY_USAGE, 10, 4, "030205c0"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     0},
    {"key usage with bits that are unused",
     {KEY_USAGE, 10, 4, "030207c0"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     0},
    {"key usage with 8 unused bits",
     {KEY_USAGE, 10, 4, "030208c0"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     0},
    {"key usage with 200 unused bits",
     {KEY_USAGE, 10, 4, "0302c8c0"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     0},
    {"key usage with a zero octet",
     {KEY_USAGE, 8, 6, "0405030306c000"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     2},
    {"key usage of no bits",
     {KEY_USAGE, 8, 6, "0403030100"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     2},
    {"key usage of zero bits",
     {KEY_USAGE, 10, 4, "03020700"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     0},
    {"key usage of three octets",
     {KEY_USAGE, 8, 6, "0406030400c00001"},
     ASSAY_MALFORMED,
     "keyUsage: bit string is not in its shortest form",
     2},
    {"key usage is an octet string",
     {KEY_USAGE, 10, 4, "040206c0"},
     ASSAY_MALFORMED,
     "keyUsage: tag 0x04 where 0x03 is due",
     0},
    {"key usage and more",
     {KEY_USAGE, 8, 6, "0406030206c00500"},
     ASSAY_MALFORMED,
     "keyUsage: 2 bytes left over",
     6},
    {"key usage empty",
     {KEY_USAGE, 8, 6, "0400"},
     ASSAY_TRUNCATED,
     "keyUsage: need 1 bytes, have 0",
     2},
    /* basic constraints */
    {"a CA", {CONSTRAINTS, 10, 2, "30030101ff"}, ASSAY_OK, "", 0},
    {"a CA with a path length",
     {CONSTRAINTS, 10, 2, "30060101ff020100"},
     ASSAY_OK,
     "",
     0},
    {"a path length alone",
     {CONSTRAINTS, 10, 2, "3003020100"},
     ASSAY_OK,
     "",
     0},
    {"no CA, but said so",
     {CONSTRAINTS, 10, 2, "3003010100"},
     ASSAY_MALFORMED,
     "basicConstraints.cA: default value encoded",
     0},
    {"CA 01",
     {CONSTRAINTS, 10, 2, "3003010101"},
     ASSAY_MALFORMED,
     "basicConstraints.cA: boolean is neither 00 nor ff",
     2},
    {"CA ffff",
     {CONSTRAINTS, 10, 2, "30040102ffff"},
     ASSAY_MALFORMED,
     "basicConstraints.cA: boolean is neither 00 nor ff",
     2},
    {"negative path length",
     {CONSTRAINTS, 10, 2, "30060101ff0201ff"},
     ASSAY_MALFORMED,
     "basicConstraints.pathLen: integer is negative",
     5},
    {"path length 256",
     {CONSTRAINTS, 10, 2, "30070101ff02020100"},
     ASSAY_MALFORMED,
     "basicConstraints.pathLen: integer is above 255",
     5},
    {"path length 2^32",
     {CONSTRAINTS, 10, 2, "300a0101ff02050100000000"},
     ASSAY_MALFORMED,
     "basicConstraints.pathLen: integer is above 255",
     5},
    {"path length first",
     {CONSTRAINTS, 10, 2, "30060201000101ff"},
     ASSAY_MALFORMED,
     "basicConstraints: 3 bytes left over",
     5},
    {"more in it",
     {CONSTRAINTS, 10, 2, "30020500"},
     ASSAY_MALFORMED,
     "basicConstraints: 2 bytes left over",
     2},
    {"more behind it",
     {CONSTRAINTS, 8, 4, "040430000500"},
     ASSAY_MALFORMED,
     "basicConstraints: 2 bytes left over",
     4},
    {"a CA, not critical",
     {CONSTRAINTS, 5, 7, "040530030101ff"},
     ASSAY_MALFORMED,
     "basicConstraints: those of a CA are not critical",
     2},
    {"no CA, not critical", {CONSTRAINTS, 5, 7, "04023000"}, ASSAY_OK, "", 0},
    /* key identifiers */
    {"AKI without an identifier",
     {AKI, 5, 26, "04023000"},
     ASSAY_TRUNCATED,
     "authorityKeyIdentifier: need 1 bytes, have 0",
     4},
    {"AKI with issuer and serial",
     {AKI, 5, 26, "040a30088001aaa1008201bb"},
     ASSAY_MALFORMED,
     "authorityKeyIdentifier: 5 bytes left over",
     7},
    {"AKI of a serial alone",
     {AKI, 5, 26, "040530038201bb"},
     ASSAY_MALFORMED,
     "authorityKeyIdentifier: tag 0x82 where 0x80 is due",
     4},
    {"AKI and more",
     {AKI, 5, 26, "040730038001aa0500"},
     ASSAY_MALFORMED,
     "authorityKeyIdentifier: 2 bytes left over",
     7},
    {"AKI critical",
     {AKI, 5, 0, "0101ff"},
     ASSAY_MALFORMED,
     "extension: a key identifier is critical",
     -7},
    {"SKI is a bit string",
     {SKI, 5, 24, "0403030100"},
     ASSAY_MALFORMED,
     "subjectKeyIdentifier: tag 0x03 where 0x04 is due",
     2},
    {"SKI and more",
     {SKI, 5, 24, "04050401aa0500"},
     ASSAY_MALFORMED,
     "subjectKeyIdentifier: 2 bytes left over",
     5},
    {"SKI critical",
     {SKI, 5, 0, "0101ff"},
     ASSAY_MALFORMED,
     "extension: a key identifier is critical",
     -7},
    /* CRL distribution points */
    {"two points",
     {CRL_POINTS, 5, 102,
      "0416"
      "3014"
      "3008a006a0048602"
      "6162"
      "3008a006a0048602"
      "6364"},
     ASSAY_OK,
     "",
     0},
    {"no point",
     {CRL_POINTS, 5, 102, "04023000"},
     ASSAY_TRUNCATED,
     "cRLDistributionPoints: need 1 bytes, have 0",
     4},
    {"point without a name",
     {CRL_POINTS, 5, 102, "040430023000"},
     ASSAY_TRUNCATED,
     "cRLDistributionPoints: need 1 bytes, have 0",
     6},
    {"point with reasons",
     {CRL_POINTS, 5, 102,
      "0410300e300ca006a004860261628102"
      "0640"},
     ASSAY_MALFORMED,
     "cRLDistributionPoints: 4 bytes left over",
     14},
    {"zero octets behind a point",
     {CRL_POINTS, 5, 102, "040e300c3008a006a004860261620000"},
     ASSAY_MALFORMED,
     "cRLDistributionPoints: 2 bytes left over",
     14},
    {"points and more",
     {CRL_POINTS, 5, 102, "040e300a3008a006a004860261620500"},
     ASSAY_MALFORMED,
     "cRLDistributionPoints: 2 bytes left over",
     14},
    /* signature */
    {"signature 1, 1",
     {SIGNATURE, 0, 74, "0309003006020101020101"},
     ASSAY_OK,
     "",
     0},
    {"256 bits with the top bit set",
     {SIGNATURE, 0, 74, "0329003026022100" FF32 "020101"},
     ASSAY_OK,
     "",
     0},
    {"257 bits",
     {SIGNATURE, 0, 74, "0329003026022101" FF32 "020101"},
     ASSAY_MALFORMED,
     "signatureValue: number above 256 bits",
     5},
    {"r padded",
     {SIGNATURE, 0, 74, "030a00300702020001020101"},
     ASSAY_MALFORMED,
     "signatureValue: integer is not in its shortest form",
     5},
    {"s negative",
     {SIGNATURE, 0, 74, "03090030060201010201ff"},
     ASSAY_MALFORMED,
     "signatureValue: integer is negative",
     8},
    {"no s",
     {SIGNATURE, 0, 74, "0306003003020101"},
     ASSAY_TRUNCATED,
     "signatureValue: need 1 bytes, have 0",
     8},
    {"three numbers",
     {SIGNATURE, 0, 74, "030c003009020101020101020101"},
     ASSAY_MALFORMED,
     "signatureValue: 3 bytes left over",
     11},
    {"more in the bit string",
     {SIGNATURE, 0, 74, "030b0030060201010201010500"},
     ASSAY_MALFORMED,
     "signatureValue: 2 bytes left over",
     11},
    {"unused bits",
     {SIGNATURE, 0, 74, "0309013006020101020101"},
     ASSAY_MALFORMED,
     "signatureValue: bit string is not of whole octets",
     0},
    {"signature is an octet string",
     {SIGNATURE, 0, 74, "0409003006020101020101"},
     ASSAY_MALFORMED,
     "signatureValue: tag 0x04 where 0x03 is due",
     0},
    {"signature left out",
     {SIGNATURE, 0, 74, ""},
     ASSAY_TRUNCATED,
     "signatureValue: need 1 bytes, have 0",
     0},
    {"more behind the signature",
     {SIGNATURE, 0, 74, "03090030060201010201010500"},
     ASSAY_MALFORMED,
     "certificate: 2 bytes left over",
     11},
    /* the whole */
    {"a zero octet behind the certificate",
     {NULL, 0, 0, "00"},
     ASSAY_MALFORMED,
     "certificate: 1 bytes left over",
     0},
    {"a second certificate",
     {NULL, 0, 0, "3000"},
     ASSAY_MALFORMED,
     "certificate: 2 bytes left over",
     0},
};

static struct mint_world *world;
static struct assay_slice good; /* the PCK certificate */

static void
test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct assay_cert cert;
        struct assay_error err;
        struct assay_slice exact;
        struct assay_buf der;
        size_t at;

        assay_buf_init(&der, DER_MAX);
        at = der_edit(row->name, good, &row->edit, &der);
        exact = exact_copy(assay_buf_slice(&der));
        CHECK(row->name, assay_cert_parse(exact, &cert, &err) == err.code);
        check_der_error(row->name, &err, row->code, row->msg, at, row->at);
        CHECK(row->name, err.code == ASSAY_OK || is_empty(&cert, sizeof(cert)));
        free((void *)exact.ptr);
        assay_buf_free(&der);
    }
}

static bool
is_hex_of(struct assay_slice s, const char *hex)
{
    struct assay_buf b = from_hex(hex);
    bool same = assay_slice_equal(s, assay_buf_slice(&b));

    assay_buf_free(&b);
    return same;
}

static void
test_fields(void **state)
{
    struct assay_cert c;
    struct assay_error err;

    (void)state;
    assert_int_equal(assay_cert_parse(good, &c, &err), ASSAY_OK);
    assert_true(assay_slice_equal(c.der, good));
    assert_ptr_equal(c.tbs.ptr, good.ptr + 4);
    assert_int_equal(c.tbs.len, 1179);
    assert_true(
        is_hex_of(c.serial, "008622c04f1882a32ff05a046f4cdcbab9cf431fa6"));
    assert_true(is_hex_of(c.ski, "8622c04f1882a32ff05a046f4cdcbab9cf431fa6"));
    assert_true(is_hex_of(c.aki, "b21baa63764f202ac0010ba757f25b1ab78de984"));
    assert_true(assay_slice_is(c.common_name, "Intel SGX PCK Certificate"));
    assert_int_equal(c.issuer.len, 114);
    assert_int_equal(c.subject.len, 114);
    assert_int_equal(c.not_before_s, MINT_NOW_S - INT64_C(300) * 86400);
    assert_int_equal(c.not_after_s, MINT_NOW_S + INT64_C(2200) * 86400);
    assert_memory_equal(
        c.key.ptr, mint_key_public(mint_world_key(world, MINT_KEY_PCK)), 64);
    assert_int_equal(c.signature[0], 0x4a);
    assert_int_equal(c.signature[32], 0x9e);
    assert_int_equal(c.signature[63], 0x8d);
    assert_true(c.has_crl_points && c.has_key_usage && c.has_basic_constraints);
    assert_int_equal(c.key_usage, ASSAY_KU_DIGITAL_SIGNATURE | 1u << 1);
    assert_false(c.is_ca);
    assert_true(c.path_len == ASSAY_PATH_LEN_NONE);
    assert_int_equal(c.sgx_extension.len, 554);

    assert_int_equal(
        assay_cert_parse(mint_world_cert_der(world, MINT_CERT_ROOT), &c, &err),
        ASSAY_OK);
    assert_true(c.is_ca);
    assert_int_equal(c.path_len, 1);
    assert_int_equal(c.key_usage, ASSAY_KU_KEY_CERT_SIGN | ASSAY_KU_CRL_SIGN);
    assert_int_equal(c.sgx_extension.len, 0);
    assert_true(assay_slice_equal(c.issuer, c.subject));
}

/* What an accepted edit means. */
static void
test_edited_fields(void **state)
{
    static const struct {
        const char *name;
        struct der_edit edit;
        uint32_t key_usage;
        bool is_ca;
        uint32_t path_len;
    } fields[] = {
        {"digitalSignature",
         {KEY_USAGE, 10, 4, "03020780"},
         1u << 0,
         false,
         ASSAY_PATH_LEN_NONE},
        {"decipherOnly",
         {KEY_USAGE, 8, 6, "04050303070080"},
         1u << 8,
         false,
         ASSAY_PATH_LEN_NONE},
        {"keyCertSign, cRLSign",
         {KEY_USAGE, 10, 4, "03020106"},
         ASSAY_KU_KEY_CERT_SIGN | ASSAY_KU_CRL_SIGN,
         false,
         ASSAY_PATH_LEN_NONE},
        {"CA",
         {CONSTRAINTS, 10, 2, "30030101ff"},
         3,
         true,
         ASSAY_PATH_LEN_NONE},
        {"CA, 0", {CONSTRAINTS, 10, 2, "30060101ff020100"}, 3, true, 0},
        {"CA, 255", {CONSTRAINTS, 10, 2, "30070101ff020200ff"}, 3, true, 255},
        {"path length alone", {CONSTRAINTS, 10, 2, "3003020101"}, 3, false, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct assay_cert c;
        struct assay_error err;
        struct assay_buf der;

        assay_buf_init(&der, DER_MAX);
        (void)der_edit(fields[i].name, good, &fields[i].edit, &der);
        CHECK(fields[i].name,
              assay_cert_parse(assay_buf_slice(&der), &c, &err) == ASSAY_OK);
        CHECK(fields[i].name, c.key_usage == fields[i].key_usage);
        CHECK(fields[i].name, c.is_ca == fields[i].is_ca);
        CHECK(fields[i].name, c.path_len == fields[i].path_len);
        assay_buf_free(&der);
    }
}

static void
test_truncations(void **state)
{
    (void)state;
    for (size_t n = 0; n < good.len; n++) {
        struct assay_slice cut = exact_copy((struct assay_slice){good.ptr, n});
        struct assay_cert c;
        struct assay_error err;

        assert_int_equal(assay_cert_parse(cut, &c, &err), ASSAY_TRUNCATED);
        assert_true(err.offset <= n);
        assert_null(c.der.ptr);
        free((void *)cut.ptr);
    }
}

static bool
within(struct assay_slice part, struct assay_slice whole)
{
    return part.len == 0 || (part.ptr >= whole.ptr && part.len <= whole.len &&
                             part.ptr + part.len <= whole.ptr + whole.len);
}

/* Each bit flipped: nothing outside is read or handed out, and no offset is
 * outside. */
static void
test_bit_flips(void **state)
{
    struct assay_slice copy = exact_copy(good);
    uint8_t *bytes = (uint8_t *)copy.ptr;
    size_t refused = 0;

    (void)state;
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        struct assay_cert c;
        struct assay_error err;

        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (assay_cert_parse(copy, &c, &err) != ASSAY_OK) {
            refused++;
            assert_true(err.offset <= copy.len);
        } else {
            assert_true(within(c.tbs, copy) && within(c.serial, copy) &&
                        within(c.issuer, copy) && within(c.subject, copy) &&
                        within(c.common_name, c.subject) &&
                        within(c.key, copy) && within(c.ski, copy) &&
                        within(c.aki, copy) && within(c.sgx_extension, copy));
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > good.len); /* more than a bit an octet */
    free((void *)copy.ptr);
}

static void
test_too_large(void **state)
{
    struct assay_buf b = from_hex("30821ffd");
    struct assay_cert c;
    struct assay_error err;

    (void)state;
    assert_non_null(assay_buf_extend(&b, ASSAY_CERT_MAX_BYTES - 3));
    memset(b.ptr + 4, 0, b.len - 4);
    assert_int_not_equal(assay_cert_parse(assay_buf_slice(&b), &c, &err),
                         ASSAY_OK);
    check_error("8193 octets", &err, ASSAY_TOO_LARGE,
                "certificate: 8193 bytes, limit 8192", 0);
    b.ptr[3]--;
    b.len--;
    assert_int_not_equal(assay_cert_parse(assay_buf_slice(&b), &c, &err),
                         ASSAY_OK);
    check_error("8192 octets", &err, ASSAY_MALFORMED, "tbsCertificate: tag", 4);
    assay_buf_free(&b);
}

static int
setup(void **state)
{
    static const struct mint_options o = {.seed = MINT_TEST_SEED};

    (void)state;
    world = trial_world("good", &o);
    good = mint_world_cert_der(world, MINT_CERT_PCK);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    mint_world_free(world);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_edited_fields),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
