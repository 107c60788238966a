exports.version = '7.0.0';
