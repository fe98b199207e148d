od -An -v -tx1 sgx-v5/quote.bin | assay verify --at 2026-01-01 --root sgx-v5/root.pem --collateral sgx-v5/collateral.json -
