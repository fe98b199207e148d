{ head -c 184 tdx/quote.bin; printf '<'; tail -c +186 tdx/quote.bin; } >flipped && assay verify --at 2026-01-01 --root tdx/root.pem --collateral tdx/collateral.json flipped
