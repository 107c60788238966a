import '../../instance/start.ts';
