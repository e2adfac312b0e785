"""The bundled data sets, as a package so that an installed library finds them: see README.md in this folder."""
